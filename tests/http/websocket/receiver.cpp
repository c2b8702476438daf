#include "eventcore/http/websocket/receiver.hpp"

#include <string>
#include <vector>

#include "catch.hpp"

using namespace eventcore::websockets;
using namespace std::string_literals;

namespace {

std::string frame(opcode code, std::string_view payload, bool is_final = true, bool is_compressed = false) {
    char header[frame_header_bytes_max];
    char* end = write_frame_header(header, code, payload.size(), is_compressed, is_final);
    header[1] = static_cast<char>(header[1] | '\x80');
    std::string out(header, end);
    const mask_key key{'k', 'e', 'y', '!'};
    out.append(key.data(), key.size());
    std::string masked(payload);
    apply_mask(masked.data(), masked.size(), key);
    return out + masked;
}

// Everything there is in `bytes`, which arrive `piece` at a time into a buffer of `capacity`.
struct outcome {
    std::vector<std::string> seen;
    close_code failure = close_code::none;
    bool is_at_rest = false;
    bool operator==(const outcome&) const = default;
};
outcome receive(std::string bytes, std::size_t piece, std::size_t capacity = 64,
                const receive_limits& limits = {}) {
    constexpr std::string_view names[] = {"nothing", "text", "binary", "close", "ping", "pong", "failed"};
    receiver decoder;
    outcome out;
    std::string buffer;
    while (true) {
        const received what = decoder.next(buffer.data(), buffer.size(), capacity, limits);
        if (what == received::failed) {
            out.failure = decoder.failure();
            return out;
        }
        if (what != received::nothing)
            out.seen.push_back(std::string(names[static_cast<std::size_t>(what)]) +
                               (decoder.is_compressed() && what <= received::binary ? "*:" : ":") +
                               std::string(decoder.payload()));
        buffer.erase(0, decoder.consumed());
        if (what != received::nothing) continue;
        if (bytes.empty()) break;
        const std::size_t room = capacity - buffer.size(), some = piece < room ? piece : room;
        REQUIRE(some > 0);
        buffer += bytes.substr(0, some);
        bytes.erase(0, some);
    }
    out.is_at_rest = decoder.is_at_rest() && buffer.empty();
    return out;
}

// The same, however it arrives.
outcome receive_any(const std::string& bytes, const receive_limits& limits = {}) {
    const outcome whole = receive(bytes, 1000, 4096, limits);
    for (const std::size_t piece : {1u, 2u, 3u, 7u, 1000u})
        for (const std::size_t capacity : {140u, 4096u})
            CHECK(receive(bytes, piece, capacity, limits) == whole);
    return whole;
}
close_code failure_of(const std::string& bytes, const receive_limits& limits = {}) {
    return receive_any(bytes, limits).failure;
}
using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("messages, fragments, and control frames between them") {
    const std::string bytes = frame(opcode::text, "one") + frame(opcode::text, "tw", false) +
                              frame(opcode::ping, "?") + frame(opcode::continuation, "", false) +
                              frame(opcode::continuation, "o") +
                              frame(opcode::binary, std::string(300, '\xff')) + frame(opcode::pong, "") +
                              frame(opcode::close, "\x03\xe8");
    const outcome all = receive_any(bytes);
    CHECK(all.seen == texts{"text:one", "ping:?", "text:two", "binary:" + std::string(300, '\xff'),
                            "pong:", "close:\x03\xe8"});
    CHECK(all.is_at_rest);
}

TEST_CASE("what breaks the rules of fragments, or is not masked: 1002") {
    CHECK(failure_of(frame(opcode::continuation, "x")) == close_code::protocol_error);
    CHECK(failure_of(frame(opcode::text, "x", false) + frame(opcode::text, "x")) ==
          close_code::protocol_error);
    CHECK(failure_of("\x81\x01x") == close_code::protocol_error);
    CHECK(failure_of("\x83") == close_code::protocol_error);
    CHECK(failure_of(frame(opcode::text, "x", true, true)) == close_code::protocol_error);
}

TEST_CASE("compressed messages, once that is agreed on") {
    receive_limits limits;
    limits.allows_compression = true;
    const std::string parts = frame(opcode::text, "\xff\xff", false, true) + frame(opcode::continuation, "z");
    CHECK(receive_any(parts, limits).seen == texts{"text*:\xff\xffz"});
    CHECK(failure_of(frame(opcode::text, "a", false, true) + frame(opcode::continuation, "b", true, true),
                     limits) == close_code::protocol_error);
}

TEST_CASE("text that is no UTF-8: 1007, as soon as the octet is there") {
    CHECK(failure_of(frame(opcode::text, "a\xff")) == close_code::invalid_data);
    CHECK(failure_of(frame(opcode::text, "\xce")) == close_code::invalid_data);
    CHECK(failure_of(frame(opcode::text, "\xce", false) + frame(opcode::continuation, "\xba")) ==
          close_code::none);
    const std::string unfinished = frame(opcode::text, "ab\xf4\x90" + std::string(500, 'c'));
    CHECK(failure_of(unfinished.substr(0, 12)) == close_code::invalid_data);
    CHECK(failure_of(frame(opcode::binary, "\xff")) == close_code::none);
}

TEST_CASE("sizes: exactly at the limit, and one byte over: 1009, from the header alone") {
    receive_limits limits;
    limits.message_bytes_max = 200;
    limits.frame_bytes_max = 150;
    CHECK(failure_of(frame(opcode::binary, std::string(150, 'x')), limits) == close_code::none);
    CHECK(failure_of(frame(opcode::binary, std::string(151, 'x')).substr(0, 8), limits) ==
          close_code::message_too_big);
    const std::string begin = frame(opcode::binary, std::string(150, 'x'), false);
    CHECK(failure_of(begin + frame(opcode::continuation, std::string(50, 'x')), limits) == close_code::none);
    CHECK(failure_of(begin + frame(opcode::continuation, std::string(51, 'x')), limits) ==
          close_code::message_too_big);
    CHECK(failure_of("\x82\xff\x3f\xff\xff\xff\xff\xff\xff\xff"
                     "abcd"s,
                     limits) == close_code::message_too_big);
}

TEST_CASE("what a Close frame says") {
    CHECK(parse_close("").code == 1005);
    CHECK(parse_close("\x03\xe8").code == 1000);
    CHECK(parse_close("\x03\xe8ok").text == "ok");
    CHECK(parse_close("\x03").fault == close_code::protocol_error);
    CHECK(parse_close("\x03\xed").fault == close_code::protocol_error);  // 1005
    CHECK(parse_close("\x03\xe8\xff").fault == close_code::invalid_data);
}
