// The page of the chat: one file, no framework.
#pragma once

inline constexpr char chat_page[] = R"html(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Chat</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem; }
  #said { list-style: none; padding: 0; min-height: 12rem; border-bottom: 1px solid #ccc; }
  #said b { color: #06c; }
  form { display: flex; gap: .5rem; }
  form input { flex: 1; padding: .4rem; font: inherit; }
  #state { color: #777; }
</style>
<h1>Room <span id="room"></span></h1>
<p id="state">connecting</p>
<ul id="said"></ul>
<form id="talk"><input id="text" placeholder="Say something" maxlength="500" autocomplete="off">
<button>Send</button></form>
<script>
const room = location.hash.slice(1) || "lobby";
const name = "guest-" + Math.random().toString(36).slice(2, 6);
const at = id => document.getElementById(id);
at("room").textContent = room;
let socket, wait = 500;
function connect() {
  const scheme = location.protocol === "https:" ? "wss://" : "ws://";
  socket = new WebSocket(scheme + location.host + "/rooms/" + encodeURIComponent(room), "chat");
  socket.onopen = () => { at("state").textContent = "connected as " + name; wait = 500; };
  socket.onclose = () => {
    at("state").textContent = "disconnected, trying again";
    setTimeout(connect, wait); wait = Math.min(2 * wait, 10000);
  };
  socket.onmessage = event => {
    const said = JSON.parse(event.data), line = document.createElement("li");
    const who = document.createElement("b");
    who.textContent = said.name + ": ";
    line.append(who, said.text);
    at("said").append(line);
    while (at("said").childElementCount > 200) at("said").firstChild.remove();
  };
}
at("talk").onsubmit = event => {
  event.preventDefault();
  const text = at("text").value.trim();
  if (text && socket.readyState === 1) socket.send(JSON.stringify({name, text}));
  at("text").value = "";
};
onhashchange = () => location.reload();
connect();
</script>
</html>
)html";
