// An HTTP/2 client as a pure machine: writes any frame, however wrong, and notes every frame that comes back.
// h2_client runs it over a real connection, h2_simulated over a simulated one.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eventcore/testing/simulation.hpp"
#include "support/raw_client.hpp"

namespace h2 {

enum type : std::uint8_t {
    data,
    headers,
    priority,
    rst_stream,
    settings,
    push_promise,
    ping,
    goaway,
    window_update,
    continuation
};
enum flag : std::uint8_t {
    none = 0,
    ack = 1,
    end_stream = 1,
    end_headers = 4,
    padded = 8,
    with_priority = 32
};
enum code : std::uint32_t {
    no_error,
    protocol_error,
    internal_error,
    flow_control_error,
    settings_timeout,
    stream_closed,
    frame_size_error,
    refused_stream,
    cancel,
    compression_error,
    connect_error,
    enhance_your_calm
};

inline std::string number(std::uint64_t value, int bytes) {
    std::string text;
    while (bytes-- > 0) text += static_cast<char>(value >> (8 * bytes));
    return text;
}
inline std::string frame(unsigned type, unsigned flags, std::uint32_t stream, std::string_view payload = {}) {
    return number(payload.size(), 3) + number(type, 1) + number(flags, 1) + number(stream, 4) +
           std::string(payload);
}
inline std::string setting(unsigned id, std::uint32_t value) { return number(id, 2) + number(value, 4); }

// RFC 7541: literals that are not indexed, or (kind 0x40) are.
inline std::string integer(std::uint64_t value, unsigned bits, unsigned first) {
    const std::uint64_t most = (1u << bits) - 1;
    if (value < most) return number(first | value, 1);
    std::string text = number(first | most, 1);
    for (value -= most; value >= 128; value >>= 7) text += static_cast<char>(value % 128 + 128);
    return text + static_cast<char>(value);
}
inline std::string field(std::string_view name, std::string_view value, unsigned kind = 0) {
    return number(kind, 1) + integer(name.size(), 7, 0) + std::string(name) + integer(value.size(), 7, 0) +
           std::string(value);
}
inline std::string head(std::string_view method, std::string_view path, std::string_view more = {}) {
    return field(":method", method) + field(":scheme", "http") + field(":path", path) +
           field(":authority", "a.example") + std::string(more);
}
inline std::string get(std::uint32_t stream, std::string_view path, std::string_view more = {}) {
    return frame(headers, end_headers | end_stream, stream, head("GET", path, more));
}
// The head of a request whose content follows.
inline std::string post(std::uint32_t stream, std::string_view path, std::string_view more = {}) {
    return frame(headers, end_headers, stream, head("POST", path, more));
}
inline std::string content(std::uint32_t stream, std::string_view bytes, bool is_last = true) {
    std::string all;
    for (; bytes.size() > 16384; bytes.remove_prefix(16384))
        all += frame(data, 0, stream, bytes.substr(0, 16384));
    return all + frame(data, is_last ? end_stream : none, stream, bytes);
}
// An extended CONNECT (RFC 8441), whose stream stays open.
inline std::string connect(std::uint32_t stream, std::string_view path, std::string_view more = {},
                           std::string_view protocol = "websocket") {
    return frame(headers, end_headers, stream, field(":protocol", protocol) + head("CONNECT", path, more));
}
// The same that opens a WebSocket.
inline std::string websocket(std::uint32_t stream, std::string_view path, std::string_view more = {}) {
    return connect(stream, path, field("sec-websocket-version", "13") + std::string(more));
}
inline std::string reset(std::uint32_t stream, std::uint32_t why = cancel) {
    return frame(rst_stream, 0, stream, number(why, 4));
}
inline std::string window(std::uint32_t stream, std::uint32_t bytes) {
    return frame(window_update, 0, stream, number(bytes, 4));
}
inline const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

struct answer {
    int status = 0;
    std::vector<int> interim;
    std::map<std::string, std::string> fields;
    std::string content;
    bool is_ended = false;
    int reset = -1;  // the code, when it was

    bool is_over() const { return is_ended || reset >= 0; }
};

class peer {
 public:
    peer() { nghttp2_hd_inflate_new(&decoder_); }
    peer(const peer&) = delete;
    peer& operator=(const peer&) = delete;
    ~peer() { nghttp2_hd_inflate_del(decoder_); }

    // What has come; true when something is to be sent in return, see replies.
    void take(std::string_view bytes) {
        rest_ += bytes;
        while (rest_.size() >= 9) {
            const std::size_t length = value(0, 3);
            if (rest_.size() < 9 + length) return;
            take_frame(static_cast<unsigned char>(rest_[3]), static_cast<unsigned char>(rest_[4]),
                       static_cast<std::uint32_t>(value(5, 4)), rest_.substr(9, length));
            rest_.erase(0, 9 + length);
        }
    }

    std::map<std::uint32_t, answer> answers;
    std::map<std::uint32_t, std::uint64_t> windows;  // what the server has given back
    std::map<unsigned, std::uint32_t> settings_of_server;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> goaways;  // last stream, code
    unsigned pongs = 0, acks = 0, largest_frame = 0;
    bool gives_window = true;  // for what arrives
    std::string replies;       // to be sent

 private:
    std::uint64_t value(std::size_t at, int bytes) const {
        std::uint64_t v = 0;
        while (bytes-- > 0) v = v << 8 | static_cast<unsigned char>(rest_[at++]);
        return v;
    }
    void take_frame(unsigned type, unsigned flags, std::uint32_t stream, const std::string& payload) {
        if (payload.size() > largest_frame) largest_frame = static_cast<unsigned>(payload.size());
        if (type == data) {
            answers[stream].content += payload;
            if (gives_window && !payload.empty()) {
                const auto bytes = static_cast<std::uint32_t>(payload.size());
                replies += window(0, bytes) + (flags & end_stream ? std::string() : window(stream, bytes));
            }
        }
        if (type == headers || type == continuation)
            take_fields(answers[stream], payload, flags & end_headers);
        if ((type == data || type == headers) && (flags & end_stream)) answers[stream].is_ended = true;
        if (type == rst_stream) answers[stream].reset = static_cast<int>(value(9, 4));
        if (type == settings && !(flags & ack)) {
            for (std::size_t at = 9; at < 9 + payload.size(); at += 6)
                settings_of_server[static_cast<unsigned>(value(at, 2))] =
                    static_cast<std::uint32_t>(value(at + 2, 4));
            replies += frame(settings, ack, 0);
        }
        acks += type == settings && (flags & ack);
        if (type == ping && (flags & ack)) ++pongs;
        if (type == ping && !(flags & ack)) replies += frame(ping, ack, 0, payload);
        if (type == goaway)
            goaways.emplace_back(static_cast<std::uint32_t>(value(9, 4)),
                                 static_cast<std::uint32_t>(value(13, 4)));
        if (type == window_update) windows[stream] += value(9, 4);
    }
    void take_fields(answer& a, const std::string& block, bool is_last) {
        const auto* at = reinterpret_cast<const std::uint8_t*>(block.data());
        std::size_t left = block.size();
        while (true) {
            nghttp2_nv line{};
            int flags = 0;
            const ssize_t used = nghttp2_hd_inflate_hd2(decoder_, &line, &flags, at, left, is_last);
            if (used < 0) return;
            at += used;
            left -= static_cast<std::size_t>(used);
            if (flags & NGHTTP2_HD_INFLATE_EMIT)
                take_field(a, {reinterpret_cast<char*>(line.name), line.namelen},
                           {reinterpret_cast<char*>(line.value), line.valuelen});
            if (flags & NGHTTP2_HD_INFLATE_FINAL) return void(nghttp2_hd_inflate_end_headers(decoder_));
            if (!(flags & NGHTTP2_HD_INFLATE_EMIT) && left == 0) return;
        }
    }
    static void take_field(answer& a, const std::string& name, const std::string& text) {
        if (name != ":status") {
            a.fields[name] = text;
        } else if (text[0] == '1') {
            a.interim.push_back(std::atoi(text.c_str()));
        } else {
            a.status = std::atoi(text.c_str());
        }
    }

    nghttp2_hd_inflater* decoder_ = nullptr;
    std::string rest_;
};

// Over a real connection, blocking.
class client : public peer {
 public:
    explicit client(std::uint16_t port, std::string_view settings_payload = {}, int receive_bytes = 0)
        : wire(port, nullptr, receive_bytes) {
        wire.send(preface + frame(settings, 0, 0, settings_payload));
    }
    bool send(std::string_view bytes) { return wire.send(bytes); }
    // False when the server closed, or said nothing for ten seconds, before it came true.
    template <class Condition>
    bool until(Condition is_true) {
        while (!is_true()) {
            const std::string some = wire.receive_some();
            if (some.empty()) return false;
            take(some);
            if (!replies.empty()) wire.send(std::exchange(replies, {}));
        }
        return true;
    }
    const answer& wait(std::uint32_t stream) {
        until([&] { return answers[stream].is_over(); });
        return answers[stream];
    }
    bool until_closed() {
        until([] { return false; });
        return true;
    }
    bool is_sent_away(std::uint32_t why) {
        until([&] { return !goaways.empty() && goaways.back().second != no_error; });
        return !goaways.empty() && goaways.back().second == why;
    }
    raw_client wire;
};

// In a simulation.
class simulated : public peer {
 public:
    explicit simulated(eventcore::testing::simulation& sim, std::string_view settings_payload = {})
        : sim_(sim), wire(sim.connect()) {
        wire.send(preface + frame(settings, 0, 0, settings_payload));
    }
    void send(std::string_view bytes) { wire.send(bytes); }
    void look() {
        take(std::string_view(wire.received()).substr(read_));
        read_ = wire.received().size();
        if (!replies.empty()) wire.send(std::exchange(replies, {}));
    }
    template <class Condition>
    bool until(Condition is_true, eventcore::duration limit = std::chrono::hours(2)) {
        return sim_.run_until([&] { return look(), is_true() || wire.is_over(); }, limit) && is_true();
    }
    const answer& wait(std::uint32_t stream) {
        until([&] { return answers[stream].is_over(); });
        return answers[stream];
    }
    bool until_closed(eventcore::duration limit = std::chrono::hours(2)) {
        return sim_.run_until([&] { return look(), wire.is_over(); }, limit);
    }
    void advance(eventcore::duration length) {
        until([] { return false; }, length);
    }
    bool is_sent_away(std::uint32_t why) {
        until([&] { return !goaways.empty() && goaways.back().second != no_error; });
        return !goaways.empty() && goaways.back().second == why;
    }

 private:
    eventcore::testing::simulation& sim_;
    std::size_t read_ = 0;

 public:
    eventcore::testing::client wire;
};

}  // namespace h2
