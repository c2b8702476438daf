#include "eventcore/http/percent.hpp"

#include <string>

#include "catch.hpp"

using namespace eventcore;
using namespace eventcore::http;

namespace {

std::string encoded(std::string_view text) {
    std::string out(percent_encoded_bytes(text), '\0');
    CHECK(percent_encode(text, out.data()) == out.data() + out.size());
    return out;
}

}  // namespace

TEST_CASE("escapes are decoded once") {
    arena storage;
    CHECK(percent_decode("a%20b%2fc%2F", storage) == "a b/c/");
    CHECK(percent_decode("%252e", storage) == "%2e");
    CHECK(percent_decode("", storage) == "");
    CHECK(percent_decode("%C3%A9", storage) == "\xc3\xa9");
}

TEST_CASE("plain text is given back where it lies") {
    arena storage;
    const std::string_view text = "plain+text";
    CHECK(percent_decode(text, storage)->data() == text.data());
    CHECK(percent_decode(text, storage, plus_sign::space) == "plain text");
}

TEST_CASE("malformed escapes and NUL are refused") {
    arena storage;
    for (std::string_view text : {std::string_view("%"), std::string_view("a%1"), std::string_view("%zz"),
                                  std::string_view("%%20"), std::string_view("%+1"), std::string_view("%00"),
                                  std::string_view("a\0b", 3), std::string_view("%0x")})
        CHECK_FALSE(percent_decode(text, storage));
}

TEST_CASE("text that is percent-encoded is decoded to the same") {
    std::string all;
    for (int octet = 1; octet < 256; ++octet) all += static_cast<char>(octet);
    arena storage;
    CHECK(percent_decode(encoded(all), storage) == all);
    CHECK(encoded("a/b c~-._") == "a%2Fb%20c~-._");
}
