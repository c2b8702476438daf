#include "eventcore/base/utf8.hpp"

#include <string>

#include "catch.hpp"
#include "eventcore/content/json/utf8.hpp"  // another one to compare with

using namespace eventcore;

TEST_CASE("every sequence of up to three bytes is judged as the JSON reader judges it") {
    std::size_t different = 0;
    const auto check = [&](std::string_view text) {
        different += is_utf8(text) != (json_codec::valid_utf8_prefix(text) == text.size());
    };
    for (unsigned a = 0; a < 256; ++a)
        for (unsigned b = 0; b < 256; ++b) {
            const char two[] = {static_cast<char>(a), static_cast<char>(b)};
            check({two, 1});
            check({two, 2});
            if (a < 0xC0) continue;
            for (unsigned c = 0x70; c < 0xD0; ++c) {
                const char three[] = {two[0], two[1], static_cast<char>(c)};
                check({three, 3});
            }
        }
    CHECK(different == 0);
}

TEST_CASE("four bytes: the ends of the range") {
    CHECK(is_utf8("\xf0\x90\x80\x80"));
    CHECK(is_utf8("\xf4\x8f\xbf\xbf"));
    CHECK_FALSE(is_utf8("\xf0\x8f\xbf\xbf"));
    CHECK_FALSE(is_utf8("\xf4\x90\x80\x80"));
    CHECK_FALSE(is_utf8("\xf0\x90\x80"));
}

TEST_CASE("pieces: the same, wherever they are cut; bad bytes are told at once") {
    const std::string text =
        "plain ASCII that is longer than thirty-two bytes, \xce\xba\xe1\xbd\xb9\xf0\x9f\x98\x80 end";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        utf8_validator validator;
        CHECK(validator.add(text.substr(0, cut)));
        CHECK(validator.add(text.substr(cut)));
        CHECK(validator.is_complete());
    }
    utf8_validator validator;
    CHECK(validator.add("\xf4"));
    CHECK_FALSE(validator.is_complete());
    CHECK_FALSE(validator.add("\x90"));
}

TEST_CASE("a byte that is no ASCII is seen at every place") {
    for (std::size_t size = 1; size < 80; ++size)
        for (std::size_t at = 0; at < size; ++at) {
            std::string text(size, 'a');
            text[at] = '\xff';
            CHECK(ascii_prefix(text) == at);
            CHECK_FALSE(is_utf8(text));
        }
}
