// The demo's style sheet: light and dark by the reader's setting, one column on a phone.
#pragma once

#include <string_view>

inline constexpr std::string_view page_style = R"~(
:root {
  color-scheme: light dark;
  --ink: #1c2330; --soft: #5a6678; --line: #dde3ec; --paper: #f5f7fa; --card: #ffffff; --well: #f1f4f8;
  --accent: #0b63ce; --on-accent: #ffffff; --good: #16713c; --warn: #8f5200; --bad: #b3261e;
  --mono: ui-monospace, "SF Mono", "Cascadia Code", "DejaVu Sans Mono", Menlo, Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6ebf3; --soft: #9aa7ba; --line: #2b3547; --paper: #10151e; --card: #18202d; --well: #111823;
    --accent: #6cb0ff; --on-accent: #06182e; --good: #6fd69a; --warn: #f0b765; --bad: #ff8f87;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
}
main, header, footer { max-width: 74rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.25rem; }
footer { padding: 1.5rem 1.25rem 3rem; color: var(--soft); font-size: .9rem; }
h1 { margin: 0; font-size: 2rem; letter-spacing: -.02em; line-height: 1.2; }
h2 { margin: 0 0 .25rem; font-size: 1.1rem; }
p { margin: .25rem 0 .75rem; }
header p { color: var(--soft); max-width: 44rem; font-size: 1.05rem; }
a { color: var(--accent); }
code, pre, textarea, .status { font-family: var(--mono); font-size: .86rem; }
.hint { color: var(--soft); font-size: .92rem; }
.reactor {
  display: inline-flex; flex-wrap: wrap; gap: .15rem .6rem; align-items: baseline; padding: .4rem .9rem;
  border: 1px solid var(--line); border-radius: 1.2rem; background: var(--card); font-size: .92rem;
}
.reactor b { color: var(--accent); }
.reactor span { color: var(--soft); overflow-wrap: anywhere; }
.counters {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem;
  margin: 1.25rem 0 0; padding: 0;
}
.counters div, .card {
  background: var(--card); border: 1px solid var(--line); border-radius: .8rem; min-width: 0;
}
.counters div { padding: .7rem .95rem; }
.counters dt { color: var(--soft); font-size: .85rem; }
.counters dd { margin: 0; font-size: 1.5rem; font-variant-numeric: tabular-nums; font-weight: 600; }
.counters .wide { grid-column: span 2; }
.counters .wide dd { display: flex; gap: 1rem; align-items: center; }
.counters svg { flex: 1; height: 2.2rem; min-width: 0; }
.counters polyline {
  fill: none; stroke: var(--accent); stroke-width: 2; vector-effect: non-scaling-stroke;
}
main {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 27rem), 1fr)); gap: 1rem;
  margin-top: 1rem;
}
.card { padding: 1.1rem 1.25rem 1.25rem; display: flex; flex-direction: column; }
.whole { grid-column: 1 / -1; }
.row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: .15rem 0 .6rem; }
button, .file {
  font: inherit; font-size: .93rem; padding: .42rem .8rem; border-radius: .5rem;
  border: 1px solid var(--line);
  background: var(--well); color: var(--ink); cursor: pointer; text-align: left;
}
button code { font-size: .82rem; }
button:hover, .file:hover { border-color: var(--accent); }
button.main {
  background: var(--accent); border-color: var(--accent); color: var(--on-accent); font-weight: 600;
}
button:disabled { opacity: .55; cursor: default; }
:focus-visible, .file:focus-within { outline: 3px solid var(--accent); outline-offset: 2px; }
.file input { position: absolute; opacity: 0; width: 1px; height: 1px; }
.file { position: relative; }
label.check { display: inline-flex; gap: .45rem; align-items: center; font-size: .93rem; }
textarea {
  display: block; width: 100%; min-height: 8rem; margin: .15rem 0 .6rem; resize: vertical;
  padding: .6rem .75rem; border-radius: .5rem;
  border: 1px solid var(--line); background: var(--well); color: var(--ink); line-height: 1.45;
}
.answer {
  flex: 1; margin-top: .35rem; border: 1px solid var(--line); border-radius: .5rem;
  background: var(--well);
  padding: .6rem .75rem; min-height: 5.4rem; overflow: hidden; display: block;
}
.answer pre {
  margin: .35rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 15rem;
  overflow-y: auto;
}
.answer .fields { color: var(--soft); }
.answer.waiting { color: var(--soft); }
.status { font-weight: 700; overflow-wrap: anywhere; }
.s2 { color: var(--good); } .s3, .s4 { color: var(--warn); } .s5, .s0 { color: var(--bad); }
#tale { min-height: 9.5rem; font-family: inherit; font-size: 1rem; }
#tale .new { animation: arrive .5s ease-out; }
@keyframes arrive { from { background: var(--accent); color: var(--on-accent); } }
.bars {
  display: grid; grid-template-columns: max-content 1fr max-content; gap: .4rem .75rem;
  align-items: center; font-size: .92rem;
}
.bars span:nth-child(3n) { font-variant-numeric: tabular-nums; min-width: 9.5ch; text-align: right; }
progress { width: 100%; height: .7rem; accent-color: var(--accent); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td {
  text-align: left; padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top;
}
th { color: var(--soft); font-weight: 600; }
td code { white-space: nowrap; }
@media (max-width: 34rem) {
  header { padding-top: 1.4rem; }
  h1 { font-size: 1.6rem; }
  .counters .wide { grid-column: 1 / -1; }
}
@media (prefers-reduced-motion: reduce) { #tale .new { animation: none; } }
)~";
