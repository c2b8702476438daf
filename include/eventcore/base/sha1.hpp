// SHA-1 (RFC 3174). Broken as a signature; what the WebSocket handshake asks for (RFC 6455, 4.2.2), and good
// for nothing else here.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace eventcore {

using sha1_digest = std::array<unsigned char, 20>;

constexpr sha1_digest sha1(std::string_view text);

namespace detail {

struct sha1_state {
    std::uint32_t h[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
};

struct sha1_round {
    std::uint32_t f;
    std::uint32_t k;
};

constexpr sha1_round sha1_round_at(int i, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
    if (i < 20) return {(b & c) | (~b & d), 0x5A827999};
    if (i < 40) return {b ^ c ^ d, 0x6ED9EBA1};
    if (i < 60) return {(b & c) | (b & d) | (c & d), 0x8F1BBCDC};
    return {b ^ c ^ d, 0xCA62C1D6};
}

constexpr void sha1_add_block(sha1_state& state, const unsigned char (&block)[64]) {
    std::uint32_t w[80]{};
    for (std::size_t i = 0; i < 16; ++i)
        for (std::size_t byte = 0; byte < 4; ++byte) w[i] = w[i] << 8 | block[4 * i + byte];
    for (std::size_t i = 16; i < 80; ++i) w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    std::uint32_t a = state.h[0], b = state.h[1], c = state.h[2], d = state.h[3], e = state.h[4];
    for (int i = 0; i < 80; ++i) {
        const sha1_round round = sha1_round_at(i, b, c, d);
        const std::uint32_t next = std::rotl(a, 5) + round.f + e + round.k + w[i];
        e = d, d = c, c = std::rotl(b, 30), b = a, a = next;
    }
    const std::uint32_t added[5] = {a, b, c, d, e};
    for (std::size_t i = 0; i < 5; ++i) state.h[i] += added[i];
}

}  // namespace detail

constexpr sha1_digest sha1(std::string_view text) {
    detail::sha1_state state;
    unsigned char block[64]{};
    std::size_t filled = 0;
    const auto add = [&](unsigned char byte) {
        block[filled++] = byte;
        if (filled == 64) detail::sha1_add_block(state, block), filled = 0;
    };
    for (const char c : text) add(static_cast<unsigned char>(c));
    add(0x80);
    while (filled != 56) add(0);
    const std::uint64_t bits = std::uint64_t{text.size()} * 8;
    for (unsigned shift = 64; shift != 0; shift -= 8) add(static_cast<unsigned char>(bits >> (shift - 8)));
    sha1_digest digest{};
    for (std::size_t i = 0; i < 20; ++i)
        digest[i] = static_cast<unsigned char>(state.h[i / 4] >> (24 - i % 4 * 8));
    return digest;
}

}  // namespace eventcore
