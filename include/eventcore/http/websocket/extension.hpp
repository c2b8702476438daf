// Agreeing on permessage-deflate (RFC 7692, section 7) in the handshake. What compresses is elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "eventcore/base/ascii.hpp"
#include "eventcore/base/byte_buffer.hpp"
#include "eventcore/http/websocket/deflate.hpp"

namespace eventcore::websockets {

// What a server wants of the extension. A context that is taken over from message to message compresses
// better, and costs each connection up to 2^bits bytes to read and eight times that to write, idle or not.
struct deflate_options {
    const message_codec* codec = nullptr;  // null: nothing is agreed on. See zlib_deflate.hpp
    bool server_context_takeover = false;
    bool client_context_takeover = false;
    std::uint8_t server_window_bits = 15;  // 9 to 15, ours when compressing
    std::uint8_t client_window_bits = 15;  // 9 to 15, asked of clients that let us
    std::uint8_t level = 3;                // 1 (fast) to 9 (small)
    std::size_t message_bytes_min = 256;   // shorter messages are sent as they are
};

struct deflate_agreement {
    bool is_agreed = false;
    bool server_context_takeover = false;
    bool client_context_takeover = false;
    std::uint8_t server_window_bits = 15;
    std::uint8_t client_window_bits = 15;
    bool names_server_bits = false;  // in the answer
    bool names_client_bits = false;
};

// Chooses among the offers of one Sec-WebSocket-Extensions value, which come in the client's order; an offer
// that cannot be met, or is malformed, is passed over (section 5.1).
inline deflate_agreement agree_on_deflate(std::string_view offers, const deflate_options& wanted);

// The value of Sec-WebSocket-Extensions that says so.
inline void append_agreement(byte_buffer& out, const deflate_agreement& agreed);

// ---- definitions ----

namespace detail {

// Cuts off the front of `rest` up to `separator`, which is not inside a quoted string.
constexpr std::string_view next_part(std::string_view& rest, char separator) {
    std::size_t at = 0;
    for (bool quoted = false; at < rest.size() && (quoted || rest[at] != separator); ++at)
        if (rest[at] == '"') quoted = !quoted;
    const std::string_view part = trim_ows(rest.substr(0, at));
    rest.remove_prefix(at < rest.size() ? at + 1 : at);
    return part;
}

struct extension_parameter {
    std::string_view name;
    std::optional<std::string_view> value;
};

constexpr extension_parameter split_parameter(std::string_view text) {
    const std::size_t equals = index_of(text, '=');
    if (equals == text.size()) return {text, std::nullopt};
    std::string_view value = trim_ows(text.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
        value = value.substr(1, value.size() - 2);
    return {trim_ows(text.substr(0, equals)), value};
}

// 8 to 15 in decimal, without leading zeros; else 0.
constexpr std::uint8_t window_bits_of(std::string_view value) {
    if (value.size() == 1 && (value[0] == '8' || value[0] == '9'))
        return static_cast<std::uint8_t>(value[0] - '0');
    if (value.size() == 2 && value[0] == '1' && value[1] >= '0' && value[1] <= '5')
        return static_cast<std::uint8_t>(10 + value[1] - '0');
    return 0;
}

struct deflate_offer {
    std::uint8_t server_bits = 0;  // 0: not named
    std::uint8_t client_bits = 0;
    bool server_no_takeover = false;
    bool client_no_takeover = false;
    bool has_client_bits = false;
};

// False: unknown, named twice or with a value it cannot have.
constexpr bool read_parameter(const extension_parameter& parameter, deflate_offer& offer) {
    const auto set_flag = [&](bool& flag) { return !parameter.value && !flag && (flag = true); };
    if (parameter.name == "server_no_context_takeover") return set_flag(offer.server_no_takeover);
    if (parameter.name == "client_no_context_takeover") return set_flag(offer.client_no_takeover);
    if (parameter.name == "server_max_window_bits") {
        if (!parameter.value || offer.server_bits != 0) return false;
        offer.server_bits = window_bits_of(*parameter.value);
        return offer.server_bits != 0;
    }
    if (parameter.name != "client_max_window_bits" || offer.has_client_bits) return false;
    offer.has_client_bits = true;
    if (!parameter.value) return true;
    offer.client_bits = window_bits_of(*parameter.value);
    return offer.client_bits != 0;
}

constexpr std::optional<deflate_offer> read_offer(std::string_view text) {
    if (next_part(text, ';') != "permessage-deflate") return std::nullopt;
    deflate_offer offer;
    while (!text.empty())
        if (!read_parameter(split_parameter(next_part(text, ';')), offer)) return std::nullopt;
    return offer;
}

constexpr deflate_agreement accept_offer(const deflate_offer& offer, const deflate_options& wanted) {
    deflate_agreement agreed;
    agreed.server_context_takeover = wanted.server_context_takeover && !offer.server_no_takeover;
    agreed.client_context_takeover = wanted.client_context_takeover && !offer.client_no_takeover;
    agreed.server_window_bits = wanted.server_window_bits;
    if (offer.server_bits != 0 && offer.server_bits < agreed.server_window_bits)
        agreed.server_window_bits = offer.server_bits;
    agreed.names_server_bits = offer.server_bits != 0 || agreed.server_window_bits < 15;
    // Only a client that names the parameter can be told to use a smaller window (7.1.2.2).
    if (!offer.has_client_bits) return agreed;
    agreed.client_window_bits = wanted.client_window_bits;
    if (offer.client_bits != 0 && offer.client_bits < agreed.client_window_bits)
        agreed.client_window_bits = offer.client_bits;
    agreed.names_client_bits = agreed.client_window_bits < 15;
    return agreed;
}

}  // namespace detail

inline deflate_agreement agree_on_deflate(std::string_view offers, const deflate_options& wanted) {
    while (wanted.codec && !offers.empty()) {
        const auto offer = detail::read_offer(detail::next_part(offers, ','));
        if (!offer || offer->server_bits == 8) continue;  // zlib makes no raw stream with a window of 256
        deflate_agreement agreed = detail::accept_offer(*offer, wanted);
        agreed.is_agreed = true;
        return agreed;
    }
    return {};
}

inline void append_agreement(byte_buffer& out, const deflate_agreement& agreed) {
    const auto append_bits = [&](std::string_view name, std::uint8_t bits) {
        out.append(name);
        if (bits >= 10) out.append('1');
        out.append(static_cast<char>('0' + bits % 10));
    };
    out.append("permessage-deflate");
    if (!agreed.server_context_takeover) out.append("; server_no_context_takeover");
    if (!agreed.client_context_takeover) out.append("; client_no_context_takeover");
    if (agreed.names_server_bits) append_bits("; server_max_window_bits=", agreed.server_window_bits);
    if (agreed.names_client_bits) append_bits("; client_max_window_bits=", agreed.client_window_bits);
}

}  // namespace eventcore::websockets
