// An application with a bit of everything, and requests to it whose right answers are known.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eventcore/content/directory.hpp"
#include "eventcore/coro/scope.hpp"
#include "eventcore/coro/sleep.hpp"
#include "eventcore/coro/timeout.hpp"
#include "eventcore/coro/when_all.hpp"
#include "eventcore/reactor/offload.hpp"
#include "eventcore/testing/random.hpp"
#include "eventcore/web/router.hpp"

namespace busy {

namespace ec = eventcore;
using std::chrono::milliseconds;

inline std::string pattern(std::size_t bytes, std::size_t start) {
    std::string text(bytes, '\0');
    for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>('a' + (start + i * 7 + i / 251) % 26);
    return text;
}
inline std::string digest(std::string_view bytes) {
    unsigned sum = 0;
    for (char c : bytes) sum = sum * 31 + static_cast<unsigned char>(c);
    return std::to_string(bytes.size()) + " " + std::to_string(sum);
}

inline ec::task<std::string> slept(int ms) {
    static_cast<void>(co_await ec::sleep_for(milliseconds(ms)));
    co_return "slept " + std::to_string(ms);
}
inline ec::task<int> square(int n) {
    auto multiply = [n] { return n * n; };
    const ec::result<int> done = co_await ec::blocking(multiply);
    co_return done.value();
}
inline ec::task<> add_later(int* sum, int n) {
    static_cast<void>(co_await ec::sleep_for(milliseconds(n)));
    *sum += n;
}
inline ec::task<std::string> sum_of_children(int n) {
    int sum = 0;
    co_await ec::with_scope([&](ec::scope& children) -> ec::task<> {
        for (int i = 1; i <= n; ++i) children.spawn(&add_later, &sum, i);
        co_return;
    });
    co_return std::to_string(sum);
}
inline ec::task<> sleep_long() { static_cast<void>(co_await ec::sleep_for(std::chrono::hours(1))); }
// The child is cancelled by the time limit, not by its own end.
inline ec::task<std::string> limited(int ms) {
    const auto ended = co_await ec::with_timeout(milliseconds(ms), sleep_long());
    co_return ended ? "ended" : "timed out";
}
inline ec::task<> write_pieces(ec::body_writer& out, int count) {
    for (int i = 0; i < count; ++i) {
        const std::string piece = pattern(static_cast<std::size_t>(i) * 900, static_cast<std::size_t>(i));
        const ec::result<> written = co_await out.write(piece);
        if (!written) co_return;
        if (i % 3 == 0) static_cast<void>(co_await ec::sleep_for(milliseconds(i)));
    }
}
inline std::string pieces(int count) {
    std::string all;
    for (int i = 0; i < count; ++i)
        all += pattern(static_cast<std::size_t>(i) * 900, static_cast<std::size_t>(i));
    return all;
}
inline ec::task<std::string> digest_of(ec::body_reader& body) {
    std::string all;
    while (true) {
        const ec::result<std::string_view> piece = co_await body.read();
        if (!piece) co_return "failed";
        if (piece->empty()) co_return digest(all);
        all += *piece;
    }
}
inline ec::task<ec::response> file_named(std::string name) {
    ec::result<ec::directory> base = ec::directory::open("/srv");
    if (!base) co_return ec::status::service_unavailable;
    ec::result<ec::file> opened = co_await base->open_file(name);
    if (!opened) co_return ec::status::service_unavailable;
    const ec::result<ec::file_info> info = opened->info();
    if (!info) co_return ec::status::service_unavailable;
    ec::file_region region(opened->release(), 0, info->size_bytes);
    co_return ec::response::from_file(std::move(region), "text/plain");
}
inline ec::task<ec::status> keep_upload(std::string name, ec::body_reader& body) {
    ec::result<ec::directory> base = ec::directory::open("/srv");
    if (!base) co_return ec::status::service_unavailable;
    ec::result<ec::pending_file> upload = co_await base->begin(name);
    if (!upload) co_return ec::status::service_unavailable;
    while (true) {
        const ec::result<std::string_view> piece = co_await body.read();
        if (!piece) co_return ec::status::bad_request;
        if (piece->empty()) break;
        const ec::result<std::size_t> written = co_await upload->write(*piece);
        if (!written) co_return ec::status::insufficient_storage;
    }
    const ec::result<bool> replaced = co_await upload->commit();
    co_return replaced ? ec::status::created : ec::status::service_unavailable;
}

inline auto routes() {
    return ec::router(
        ec::get<"/hello/{n}">([](int n) { return "hello " + std::to_string(n); }),
        ec::get<"/large/{n}">([](int n) { return pattern(static_cast<std::size_t>(n), 3); }),
        ec::get<"/slept/{ms}">([](int ms) { return slept(ms); }),
        ec::get<"/square/{n}">([](int n) -> ec::task<std::string> {
            const int squared = co_await square(n);
            co_return std::to_string(squared);
        }),
        ec::get<"/both/{n}">([](int n) -> ec::task<std::string> {
            auto [text, squared] = co_await ec::when_all(slept(n), square(n));
            co_return text + " " + std::to_string(squared);
        }),
        ec::get<"/children/{n}">([](int n) { return sum_of_children(n); }),
        ec::get<"/limited/{ms}">([](int ms) { return limited(ms); }), ec::get<"/stream/{n}">([](int n) {
            return ec::stream([n](ec::body_writer& out) { return write_pieces(out, n); }, "text/plain");
        }),
        ec::get<"/file">([] { return file_named("file.txt"); }),
        ec::get<"/throws">([]() -> std::string { throw std::runtime_error("deliberate"); }),
        ec::get<"/throws-later">([]() -> ec::task<std::string> {
            static_cast<void>(co_await ec::sleep_for(milliseconds(3)));
            throw std::runtime_error("deliberate");
        }),
        ec::post<"/echo">([](ec::bytes content) { return std::string(content.view()); }),
        ec::post<"/digest">([](ec::body_reader& body) { return digest_of(body); }),
        ec::post<"/ignore">([] { return "ignored"; }),
        ec::put<"/upload/{name}">([](std::string_view name, ec::body_reader& body) {
            return keep_upload(std::string(name), body);
        }));
}

// ---- requests ----

struct question {
    std::string bytes;
    bool is_head = false;
    int status = 200;
    std::string content;
    bool may_fail = false;  // 500, 503, 507 when the machine fails it
};

inline std::string counted(std::string_view method, std::string_view target, std::string_view content) {
    return std::string(method) + ' ' + std::string(target) +
           " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(content.size()) + "\r\n\r\n" +
           std::string(content);
}
inline std::string chunked(std::string_view method, std::string_view target, std::string_view content,
                           ec::testing::random_source& random) {
    std::string bytes = std::string(method) + ' ' + std::string(target) +
                        " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    char size[32];
    while (!content.empty()) {
        const std::size_t piece = random.below(3) ? random.piece(content.size()) : content.size();
        std::snprintf(size, sizeof size, "%zx\r\n", piece);
        bytes.append(size).append(content.substr(0, piece)).append("\r\n");
        content.remove_prefix(piece);
        if (bytes.size() > 3 * content.size() + 4000) {  // not too many tiny ones
            std::snprintf(size, sizeof size, "%zx\r\n", content.size());
            if (!content.empty()) bytes.append(size).append(content).append("\r\n");
            content = {};
        }
    }
    return bytes += random.below(3) ? "0\r\n\r\n" : "0\r\nX-Trailer: t\r\n\r\n";
}
inline question get(const std::string& target, std::string content, int status = 200) {
    return {"GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n", false, status, std::move(content)};
}

inline question any_upload(ec::testing::random_source& random) {
    const std::string content = pattern(random.below(4) ? random.below(3000) : random.below(60'000), 1);
    const bool is_chunked = random.below(2) == 0;
    const auto bytes = [&](std::string_view method, std::string_view target) {
        return is_chunked ? chunked(method, target, content, random) : counted(method, target, content);
    };
    switch (random.below(5)) {
        case 0: return {bytes("POST", "/echo"), false, 200, content};
        case 1: return {bytes("POST", "/digest"), false, 200, digest(content)};
        case 2: return {bytes("POST", "/ignore"), false, 200, "ignored"};
        case 3: return {bytes("PUT", "/upload/a.txt"), false, 201, "", true};
        default: return {bytes("POST", "/hello/1"), false, 405, "?"};
    }
}

inline question any_question(ec::testing::random_source& random) {
    const int n = static_cast<int>(random.below(20)) + 1;
    const std::string text = std::to_string(n);
    question made;
    switch (random.below(14)) {
        case 0: return get("/hello/" + text, "hello " + text);
        case 1: return get("/large/" + text + "000", pattern(static_cast<std::size_t>(n) * 1000, 3));
        case 2: return get("/slept/" + text, "slept " + text);
        case 3: made = get("/square/" + text, std::to_string(n * n)); break;
        case 4: made = get("/both/" + text, "slept " + text + " " + std::to_string(n * n)); break;
        case 5: return get("/children/" + text, std::to_string(n * (n + 1) / 2));
        case 6: return get("/limited/" + text, "timed out");
        case 7: return get("/stream/" + text, pieces(n));
        case 8: made = get("/file", pattern(20'000, 5)); break;
        case 9: return get(random.below(2) ? "/throws" : "/throws-later", "?", 500);
        case 10: return get("/missing/" + text, "?", 404);
        case 11: made = {"HEAD /large/" + text + " HTTP/1.1\r\nHost: a\r\n\r\n", true, 200, ""}; return made;
        default: return any_upload(random);
    }
    made.may_fail = true;
    return made;
}

}  // namespace busy
