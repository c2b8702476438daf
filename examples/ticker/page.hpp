// The page of the ticker: a chart on a canvas.
#pragma once

inline constexpr char ticker_page[] = R"html(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Ticker</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem; }
  canvas { width: 100%; height: 16rem; border: 1px solid #ccc; border-radius: 4px; }
  #value { font-size: 2rem; font-variant-numeric: tabular-nums; }
  #state { color: #777; }
</style>
<h1>Ticker</h1>
<p><span id="value">-</span> <span id="state">connecting</span></p>
<canvas id="chart" width="960" height="320"></canvas>
<script>
const points = [], chart = document.getElementById("chart"), pen = chart.getContext("2d");
function draw() {
  pen.clearRect(0, 0, chart.width, chart.height);
  const low = Math.min(...points), span = Math.max(...points) - low || 1;
  pen.beginPath();
  points.forEach((value, i) => {
    const x = i * chart.width / 240, y = chart.height - 10 - (value - low) / span * (chart.height - 20);
    i ? pen.lineTo(x, y) : pen.moveTo(x, y);
  });
  pen.strokeStyle = "#06c"; pen.lineWidth = 2; pen.stroke();
}
const source = new EventSource("/ticks"), state = document.getElementById("state");
source.onopen = () => state.textContent = "live";
source.onerror = () => state.textContent = "disconnected, trying again";
source.addEventListener("close", () => state.textContent = "the server ends");
source.addEventListener("tick", event => {
  points.push(+event.data);
  if (points.length > 240) points.shift();
  document.getElementById("value").textContent = event.data;
  draw();
});
</script>
</html>
)html";
