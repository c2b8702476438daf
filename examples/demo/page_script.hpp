// What the demo's buttons do. No library: fetch, XMLHttpRequest (for the progress of an upload) and the DOM.
#pragma once

#include <string_view>

inline constexpr std::string_view page_script = R"~(
"use strict";
const $ = id => document.getElementById(id);
const element = (name, text, className) => {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
};
const count = number => number.toLocaleString("en");
const megabytes = bytes => (bytes / 1e6).toFixed(1) + " MB";

// ---- showing an answer ----

const pretty = (text, type) => {
  if (!/json/.test(type || "")) return text;
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
};
function showFailure(place, error) {
  place.className = "answer";
  place.replaceChildren(element("span", "no answer: " + error.message, "status s0"));
}
async function ask(place, method, path, options = {}) {
  const began = performance.now();
  place.className = "answer waiting";
  try {
    const answer = await fetch(path, { method, ...options });
    const text = await answer.text();
    const took = (performance.now() - began).toFixed(1);
    const lines = [method + " " + path + ", " + took + " ms"];
    for (const name of ["allow", "content-type", "content-length"])
      if (answer.headers.has(name)) lines.push(name + ": " + answer.headers.get(name));
    const colour = "status s" + Math.floor(answer.status / 100);
    const status = element("span", answer.status + " " + answer.statusText, colour);
    const parts = [status, element("pre", lines.join("\n"), "fields")];
    if (text) parts.push(element("pre", pretty(text, answer.headers.get("content-type"))));
    place.className = "answer";
    place.replaceChildren(...parts);
    refresh();
  } catch (error) { showFailure(place, error); }
}

// ---- routes, JSON ----

$("asks").addEventListener("click", event => {
  const button = event.target.closest("button");
  if (!button) return;
  const [method, path] = button.dataset.ask.split(" ");
  ask($("routes-answer"), method, path);
});

$("order").value = '{\n  "drink": "cappuccino",\n  "cups": 2,\n  "name": "Ada"\n}';
const sendOrder = () => ask($("order-answer"), "POST", "/api/orders",
  { headers: { "content-type": "application/json" }, body: $("order").value });
$("send-order").addEventListener("click", sendOrder);
for (const button of document.querySelectorAll("[data-order]"))
  button.addEventListener("click", () => { $("order").value = button.dataset.order; sendOrder(); });

// ---- a stream ----

let telling = null;
$("hush").addEventListener("click", () => telling && telling.abort());
$("tell").addEventListener("click", async () => {
  telling = new AbortController();
  $("tell").disabled = true;
  $("hush").disabled = false;
  $("tale").className = "answer";
  $("tale").replaceChildren();
  const began = performance.now();
  let pieces = 0;
  const facts = end => $("tale-facts").textContent =
    pieces + " pieces, " + ((performance.now() - began) / 1000).toFixed(1) + " s" + end;
  try {
    const answer = await fetch("/api/tale?pause_ms=70", { signal: telling.signal });
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      $("tale").append(element("span", part.value, "new"));
      ++pieces;
      facts("");
    }
    facts(", complete");
  } catch (error) { facts(error.name === "AbortError" ? ", stopped" : ", " + error.message); }
  $("tell").disabled = false;
  $("hush").disabled = true;
});

// ---- an upload ----

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; ++bit) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n;
});
async function crc32(blob) {
  let crc = 0xffffffff;
  for (let at = 0; at < blob.size; at += 1 << 20) {
    const bytes = new Uint8Array(await blob.slice(at, at + (1 << 20)).arrayBuffer());
    for (const byte of bytes) crc = crcTable[(crc ^ byte) & 255] ^ (crc >>> 8);
  }
  return ((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, "0");
}
function noise(size) {
  const block = crypto.getRandomValues(new Uint8Array(65536));
  return new Blob(Array.from({ length: size / block.length }, () => block));
}
function put(path, blob, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", path);
    request.upload.onprogress = event => progress(event.loaded);
    request.onload = () => request.status < 400 ? resolve(JSON.parse(request.responseText))
      : reject(new Error(request.status + " " + request.statusText));
    request.onerror = () => reject(new Error("the connection broke"));
    request.send(blob);
  });
}
const showBytes = (id, bytes, total) => {
  $(id).value = total ? bytes / total : 1;
  $(id + "-bytes").textContent = megabytes(bytes);
};
async function watchUpload(path, total, isOver) {
  while (await new Promise(resume => setTimeout(resume, 150)), !isOver()) {
    const answer = await fetch(path);
    if (answer.ok) showBytes("counted", (await answer.json()).bytes, total);
  }
}
async function upload(blob) {
  const controls = [$("send-bytes"), $("file")];
  controls.forEach(control => control.disabled = true);
  const path = "/api/uploads/" + crypto.getRandomValues(new Uint32Array(1))[0];
  const place = $("upload-answer");
  place.className = "answer waiting";
  place.textContent = "sending …";
  showBytes("counted", 0, blob.size);
  let over = false;
  try {
    const sending = put(path + ($("slow").checked ? "?pause_ms=4" : ""), blob,
      loaded => showBytes("sent", loaded, blob.size));
    const watching = watchUpload(path, blob.size, () => over).catch(() => {});
    const there = await sending.finally(() => over = true);
    await watching;
    showBytes("sent", blob.size, blob.size);
    showBytes("counted", there.bytes, blob.size);
    const here = await crc32(blob);
    const agree = here === there.crc32 && there.bytes === blob.size;
    place.className = "answer";
    place.replaceChildren(
      agree ? element("span", "every byte arrived", "status s2")
        : element("span", "the checksums differ", "status s5"),
      element("pre", "crc-32 here    " + here + "\ncrc-32 there   " + there.crc32 +
        "\n" + count(there.bytes) + " bytes in " + count(there.pieces) + " pieces"));
  } catch (error) { showFailure(place, error); }
  controls.forEach(control => control.disabled = false);
}
$("send-bytes").addEventListener("click", () => upload(noise(32 * 1024 * 1024)));
$("file").addEventListener("change", () => $("file").files.length && upload($("file").files[0]));

// ---- counters ----

const rates = [];
let last = null;
const duration = seconds => seconds < 120 ? seconds + " s" : Math.floor(seconds / 60) + " min";
function showRate(now) {
  if (last && now.at > last.at) {
    rates.push((now.requests - last.requests) / ((now.at - last.at) / 1000));
    if (rates.length > 60) rates.shift();
    const top = Math.max(4, ...rates);
    $("rate").textContent = count(Math.round(rates[rates.length - 1]));
    $("spark").setAttribute("points",
      rates.map((rate, i) => (60 - rates.length + i) + "," + (19 - 18 * rate / top).toFixed(2)).join(" "));
  }
  last = now;
}
function showFacts(now) {
  const workers = now.workers + (now.workers === 1 ? " worker" : " workers");
  const name = element("b", now.reactor + ", " + workers);
  $("reactor").replaceChildren(name, element("span", now.reason.replace(now.reactor + ": ", "")));
  $("requests").textContent = count(now.requests);
  $("connections").textContent = now.connections_open;
  $("failures").textContent = now.handler_failures;
  $("uptime").textContent = duration(now.uptime_seconds);
}
async function refresh() { showFacts(await (await fetch("/api/server")).json()); }
const pulse = new EventSource("/api/pulse");
pulse.onmessage = event => {
  const now = JSON.parse(event.data);
  showFacts(now);
  showRate({ at: performance.now(), requests: now.requests });
};
pulse.onerror = () =>
  $("reactor").replaceChildren(element("b", "no answer"), element("span", "has the server stopped?"));

// ---- the wall ----

let wall;
function joinWall() {
  wall = new WebSocket(location.origin.replace("http", "ws") + "/api/wall");
  wall.onopen = () => $("wall-facts").textContent = "connected";
  wall.onclose = () => { $("wall-facts").textContent = "disconnected"; setTimeout(joinWall, 2000); };
  wall.onmessage = event => {
    if ($("wall").className !== "answer") { $("wall").className = "answer"; $("wall").replaceChildren(); }
    $("wall").append(element("div", event.data, "new"));
    while ($("wall").childElementCount > 12) $("wall").firstChild.remove();
  };
}
joinWall();
$("wall-form").addEventListener("submit", event => {
  event.preventDefault();
  const text = $("wall-text").value.trim();
  if (text && wall.readyState === 1) wall.send(text);
  $("wall-text").value = "";
});

// ---- the table, a burst ----

(async () => {
  const routes = await (await fetch("/api/routes")).json();
  $("table").replaceChildren(...routes.map(route => {
    const row = element("tr");
    for (const text of [route.methods, route.pattern, route.takes, route.answers]) {
      const cell = element("td");
      if (text) cell.append(element("code", text));
      row.append(cell);
    }
    return row;
  }));
})();
$("burst").addEventListener("click", async () => {
  $("burst").disabled = true;
  const began = performance.now();
  let left = 1000, failed = 0;
  const client = async () => {
    while (left-- > 0) await fetch("/api/hello/you").then(answer => answer.text()).catch(() => ++failed);
  };
  await Promise.all(Array.from({ length: 6 }, client));
  const seconds = (performance.now() - began) / 1000;
  $("burst-facts").textContent = "1,000 requests in " + seconds.toFixed(2) +
    " s over this browser's six connections" + (failed ? ", " + failed + " failed" : "") + ".";
  $("burst").disabled = false;
  refresh();
});
)~";
