// The demo's one page: everything it needs is in it, so it works without a network beyond this server.
#pragma once

#include <string>
#include <string_view>

#include "page_script.hpp"
#include "page_style.hpp"

inline constexpr std::string_view page_head = R"~(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>EventCore demo</title>
<link rel="icon" href="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>
<circle cx='8' cy='8' r='6' fill='none' stroke='%230b63ce' stroke-width='3'/></svg>">
<style>)~";

inline constexpr std::string_view page_body = R"~(</style>
</head>
<body>
<header>
<h1>EventCore is serving you this page</h1>
<p>Every button below calls a real handler in <code>examples/demo/api.hpp</code> and shows what came back.</p>
<div class="reactor" id="reactor"><b>…</b><span>asking the server</span></div>
<dl class="counters">
<div><dt>requests</dt><dd id="requests">–</dd></div>
<div><dt>connections open</dt><dd id="connections">–</dd></div>
<div><dt>handlers that threw</dt><dd id="failures">–</dd></div>
<div><dt>up for</dt><dd id="uptime">–</dd></div>
<div class="wide"><dt>requests per second</dt><dd><span id="rate">–</span>
<svg viewBox="0 0 59 20" preserveAspectRatio="none" role="img"
aria-label="requests per second, the last minute"><polyline id="spark" points=""/></svg></dd></div>
</dl>
</header>
<main>

<section class="card" aria-labelledby="h-routes">
<h2 id="h-routes">Routes</h2>
<p class="hint">The pattern is a template argument: <code>get&lt;"/people/{id}"&gt;</code> with a handler that
takes a number answers numbers, and nothing else.</p>
<div class="row" id="asks">
<button data-ask="GET /api/people/2">a person: <code>GET /people/2</code></button>
<button data-ask="GET /api/people/99">nobody: <code>GET /people/99</code></button>
<button data-ask="GET /api/people/ada">no number: <code>GET /people/ada</code></button>
<button data-ask="DELETE /api/people/2">wrong method: <code>DELETE /people/2</code></button>
<button data-ask="GET /api/hello/Grace%20%E2%98%95">decoded: <code>GET /hello/Grace%20…</code></button>
<button data-ask="GET /api/nap?ms=900">0.9 s in 0.3 s: <code>GET /nap?ms=900</code></button>
<button data-ask="GET /api/nap?ms=soon">bad query: <code>GET /nap?ms=soon</code></button>
<button data-ask="GET /api/fail">a handler throws: <code>GET /fail</code></button>
</div>
<output class="answer waiting" id="routes-answer">Press a button.</output>
</section>

<section class="card" aria-labelledby="h-json">
<h2 id="h-json">JSON in, JSON out</h2>
<p class="hint"><code>post&lt;"/orders"&gt;([](ec::json&lt;order&gt; in) …)</code>: a plain struct, no macros.
Edit the text, or break it.</p>
<label for="order" class="hint">An order</label>
<textarea id="order" spellcheck="false" autocomplete="off"></textarea>
<div class="row">
<button class="main" id="send-order">Send</button>
<button data-order='{"drink": "espresso", "cups": "two", "name": "Ada"}'>a wrong type</button>
<button data-order='{"drink": "lemonade", "cups": 1, "name": "Ada"}'>an unknown drink</button>
<button data-order='{"drink": "tea", "cups": 40, "name": "Ada"}'>too many</button>
<button data-order='{"drink": "tea", "cups": 1'>no JSON</button>
</div>
<output class="answer waiting" id="order-answer">The answer appears here.</output>
</section>

<section class="card" aria-labelledby="h-tale">
<h2 id="h-tale">A response that takes its time</h2>
<p class="hint">One response, written word by word by a coroutine; the page shows each piece when it
arrives.</p>
<div class="row">
<button class="main" id="tell">Tell it</button>
<button id="hush" disabled>Stop</button>
<span class="hint" id="tale-facts" role="status"></span>
</div>
<div class="answer waiting" id="tale">The life of a request, told by the server.</div>
</section>

<section class="card" aria-labelledby="h-upload">
<h2 id="h-upload">An upload, counted while it arrives</h2>
<p class="hint">The handler pulls one piece after the other and keeps none. When it is slow, it is TCP that
makes the sender wait.</p>
<div class="row">
<button class="main" id="send-bytes">Send 32 MB of noise</button>
<label class="file"><input type="file" id="file">… or a file</label>
<label class="check"><input type="checkbox" id="slow" checked> read slowly</label>
</div>
<div class="bars">
<label for="sent">the browser sent</label>
<progress id="sent" max="1" value="0"></progress><span id="sent-bytes">–</span>
<label for="counted">the handler read</label>
<progress id="counted" max="1" value="0"></progress><span id="counted-bytes">–</span>
</div>
<output class="answer waiting" id="upload-answer">CRC-32, computed here and there, has to agree.</output>
</section>

<section class="card whole" aria-labelledby="h-wall">
<h2 id="h-wall">A wall, by WebSocket</h2>
<p class="hint">Open this page twice: what one window writes, all of them show, whichever worker serves
them.</p>
<form class="row" id="wall-form"><input id="wall-text" maxlength="60" autocomplete="off" aria-label="text"
placeholder="write something"><button class="main">Write</button>
<span class="hint" id="wall-facts" role="status">connecting</span></form>
<div class="answer waiting" id="wall">Nothing yet.</div>
</section>

<section class="card whole" aria-labelledby="h-table">
<h2 id="h-table">The route table</h2>
<p class="hint">Asked of the router itself: <code>decltype(app)::routes()</code> is a constant expression.</p>
<div class="row"><button id="burst">Send 1,000 requests</button>
<span class="hint" id="burst-facts" role="status">Watch the counters.</span></div>
<div class="scroll"><table>
<thead><tr><th>method</th><th>pattern</th><th>takes</th><th>answers</th></tr></thead>
<tbody id="table"></tbody></table></div>
</section>

</main>
<footer>Nothing here leaves this machine. Try <code>curl -i</code> on any path above, or start the server with
<code>--reactor epoll</code>.</footer>
<script>)~";

inline std::string make_page() {
    std::string page;
    for (std::string_view part : {page_head, page_style, page_body, page_script}) page += part;
    return page + "</script>\n</body>\n</html>\n";
}
