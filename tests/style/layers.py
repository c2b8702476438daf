#!/usr/bin/env python3
"""The direction of the layers, checked: docs/architecture.md draws what this table says."""
from tree import Findings, headers, includes, layer_of

# layer -> the layers it may name in an #include, besides itself.
MAY_INCLUDE = {
    "base": set(),
    "observe": {"base"},
    "coro": {"base"},
    "http": {"base"},
    "reactor": {"base", "observe", "coro"},
    "net": {"base", "observe", "coro", "reactor"},
    "content": {"base", "observe", "coro", "reactor", "http"},
    "client": {"base", "observe", "coro", "http", "reactor", "net"},
    "web": {"base", "observe", "coro", "http", "content"},
}
MAY_INCLUDE["server"] = set(MAY_INCLUDE)
MAY_INCLUDE["testing"] = set(MAY_INCLUDE) | {"server"}

# layer -> the layers it must not reach even through others. A handler runs without sockets, a codec without
# anything that waits.
MUST_NOT_REACH = {
    "http": {"observe", "coro", "reactor", "net", "content", "client", "web", "server"},
    "web": {"reactor", "net", "client", "server"},
}

# System headers beyond the standard library -> where they may be named. Above reactor/ nobody calls a socket.
SYSTEM_HEADERS_IN = {"reactor", "net", "content", "server", "testing"}
SYSTEM_HEADERS_ALSO_IN = {
    "eventcore/base/clock.hpp",  # <bits/chrono.h>: <chrono> without its calendar
    "eventcore/base/thread.hpp",
    "eventcore/base/unique_fd.hpp",
}
SOCKET_HEADERS = (
    "sys/socket.h",
    "sys/epoll.h",
    "sys/event.h",
    "sys/eventfd.h",
    "netinet/",
    "arpa/",
    "netdb.h",
    "poll.h",
)
SOCKET_HEADERS_IN = {"reactor", "net"}
LIBRARIES_IN = {
    "liburing.h": "eventcore/reactor/io_uring",  # and io_uring_….hpp
    "simdjson.h": "eventcore/content/json/simdjson",
    "openssl/": "eventcore/net/tls/openssl_",
    "nghttp2/nghttp2.h": "eventcore/server/http2_library",
    "zlib.h": "eventcore/http/websocket/zlib_deflate",
}
# Instruction sets, guarded by the platform: not the operating system.
INTRINSICS = ("immintrin.h", "emmintrin.h", "nmmintrin.h", "tmmintrin.h", "smmintrin.h", "arm_neon.h")


def check_own(name, number, target, tree, findings):
    layer, wanted = layer_of(name), layer_of(target)
    if not target.startswith("eventcore/"):
        findings.refuse(name, number, f'own headers are included as "eventcore/…", not "{target}"')
    elif target not in tree:
        findings.refuse(name, number, f"{target} does not exist")
    elif layer == "" or wanted in ("", layer):
        if target == "eventcore/eventcore.hpp":
            findings.refuse(name, number, "the umbrella is for users; include what you use")
    elif wanted not in MAY_INCLUDE[layer]:
        findings.refuse(name, number, f"{layer}/ must not include {wanted}/")
    elif "/detail/" in target:
        findings.refuse(name, number, f"{target} belongs to {wanted}/ alone")


def check_system(name, number, target, findings):
    layer = layer_of(name)
    library = target[: target.find("/") + 1] or target
    if library in LIBRARIES_IN:
        if not name.startswith(LIBRARIES_IN[library]):
            findings.refuse(name, number, f"<{target}> is included in {LIBRARIES_IN[library]}.hpp only")
    elif target.startswith("eventcore/"):
        findings.refuse(name, number, f'own headers are included with quotes: "{target}"')
    elif target.startswith(SOCKET_HEADERS):
        if layer not in SOCKET_HEADERS_IN:
            findings.refuse(name, number, f"<{target}> is for reactor/ and net/")
    elif target.endswith(".h") and target not in INTRINSICS:
        if layer not in SYSTEM_HEADERS_IN and name not in SYSTEM_HEADERS_ALSO_IN:
            findings.refuse(name, number, f"<{target}>: {layer}/ does not know the operating system")


def paths_from(name, graph):
    """header reached -> the chain of includes that reaches it first."""
    found, queue = {name: [name]}, [name]
    for current in queue:
        for target in graph.get(current, ()):
            if target not in found:
                found[target] = found[current] + [target]
                queue.append(target)
    return found


def check_reach(name, graph, findings):
    chains = paths_from(name, graph)
    for target, chain in chains.items():
        if target != name and layer_of(target) in MUST_NOT_REACH.get(layer_of(name), ()):
            way = " -> ".join(chain[1:])
            findings.refuse(name, 1, f"{layer_of(name)}/ reaches {layer_of(target)}/ by {way}")
    for target in graph[name]:
        back = paths_from(target, graph)
        if name in back:
            findings.refuse(name, 1, "includes itself by " + " -> ".join(back[name]))


def check(tree, findings):
    graph = {name: [t for _, own, t in includes(text) if own] for name, text in tree.items()}
    for name, text in tree.items():
        if layer_of(name) and layer_of(name) not in MAY_INCLUDE:
            findings.refuse(name, 1, f"{layer_of(name)}/ is not a layer; add it to tests/style/layers.py")
            continue
        for number, own, target in includes(text):
            if own:
                check_own(name, number, target, tree, findings)
            else:
                check_system(name, number, target, findings)
        check_reach(name, graph, findings)


if __name__ == "__main__":
    found = Findings()
    check(headers(), found)
    found.finish("layers")
