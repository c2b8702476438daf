#include "eventcore/base/sha1.hpp"

#include <string>

#include "catch.hpp"

using namespace eventcore;

namespace {

constexpr bool is_digest(std::string_view text, std::string_view hex) {
    constexpr std::string_view digits = "0123456789abcdef";
    const sha1_digest digest = sha1(text);
    for (std::size_t i = 0; i < digest.size(); ++i)
        if (hex[2 * i] != digits[digest[i] >> 4] || hex[2 * i + 1] != digits[digest[i] & 15]) return false;
    return hex.size() == 40;
}

// RFC 3174, 7.3, and the empty text.
static_assert(is_digest("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"));
static_assert(is_digest("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"));
static_assert(is_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                        "84983e441c3bd26ebaae4aa1f95129e5e54670f1"));

}  // namespace

TEST_CASE("SHA-1 of texts around the size of a block") {
    CHECK(is_digest(std::string(55, 'a'), "c1c8bbdc22796e28c0e15163d20899b65621d65a"));
    CHECK(is_digest(std::string(56, 'a'), "c2db330f6083854c99d4b5bfb6e8f29f201be699"));
    CHECK(is_digest(std::string(63, 'a'), "03f09f5b158a7a8cdad920bddc29b81c18a551f5"));
    CHECK(is_digest(std::string(64, 'a'), "0098ba824b5c16427bd7a1122a5a442a25ec644d"));
    CHECK(is_digest(std::string(65, 'a'), "11655326c708d70319be2610e8a57d9a5b959d3b"));
    CHECK(is_digest(std::string(1'000'000, 'a'), "34aa973cd4c4daa4f61eeb2bdbad27316534016f"));
}
