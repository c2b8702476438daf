// Frames as a client sends them, and those a server sent.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "eventcore/http/websocket/frame.hpp"

namespace websocket_frames {

using eventcore::websockets::opcode;

inline std::string opening(std::string_view target, std::string_view more = {}) {
    return "GET " + std::string(target) +
           " HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
           std::string(more) + "\r\n";
}

inline std::string masked(opcode code, std::string_view payload, bool is_final = true) {
    namespace ws = eventcore::websockets;
    char header[ws::frame_header_bytes_max];
    char* const end = ws::write_frame_header(header, code, payload.size(), false, is_final);
    header[1] = static_cast<char>(header[1] | '\x80');
    const ws::mask_key key{'m', 'a', 's', 'k'};
    std::string out(header, end);
    out.append(key.data(), key.size());
    std::string body(payload);
    ws::apply_mask(body.data(), body.size(), key);
    return out + body;
}
inline std::string text(std::string_view payload) { return masked(opcode::text, payload); }
inline std::string closing(int code) {
    const char payload[] = {static_cast<char>(code >> 8), static_cast<char>(code & 255)};
    return masked(opcode::close, {payload, 2});
}

// The frames of a server as "text:…", "close:1000", "ping:", "cut off".
inline std::vector<std::string> frames_in(std::string_view bytes) {
    namespace ws = eventcore::websockets;
    std::vector<std::string> all;
    while (!bytes.empty()) {
        ws::frame_header header;
        std::size_t header_bytes = 0;
        if (ws::parse_frame_header(bytes, header, header_bytes) != ws::header_status::complete ||
            bytes.size() - header_bytes < header.payload_bytes) {
            all.emplace_back("cut off");
            return all;
        }
        const auto size = static_cast<std::size_t>(header.payload_bytes);
        const std::string_view payload = bytes.substr(header_bytes, size);
        bytes.remove_prefix(header_bytes + size);
        switch (header.code) {
            case opcode::text: all.push_back("text:" + std::string(payload)); break;
            case opcode::binary: all.push_back("binary:" + std::string(payload)); break;
            case opcode::ping: all.push_back("ping:" + std::string(payload)); break;
            case opcode::pong: all.push_back("pong:" + std::string(payload)); break;
            case opcode::continuation: all.emplace_back("continuation"); break;
            case opcode::close:
                all.push_back("close:" + (payload.size() < 2
                                              ? std::string()
                                              : std::to_string(static_cast<unsigned char>(payload[0]) * 256 +
                                                               static_cast<unsigned char>(payload[1]))));
        }
    }
    return all;
}

// What follows the head of the answer.
inline std::string_view after_head(std::string_view received) {
    const std::size_t end = received.find("\r\n\r\n");
    return end == std::string_view::npos ? std::string_view{} : received.substr(end + 4);
}

}  // namespace websocket_frames
