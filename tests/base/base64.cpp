#include "eventcore/base/base64.hpp"

#include <string>

#include "catch.hpp"

using namespace eventcore;

namespace {

std::string encoded(std::string_view text) {
    std::string out(base64_bytes(text.size()), '\0');
    char* const end =
        write_base64(out.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size());
    REQUIRE(end == out.data() + out.size());
    return out;
}

}  // namespace

TEST_CASE("the examples of RFC 4648, section 10") {
    CHECK(encoded("") == "");
    CHECK(encoded("f") == "Zg==");
    CHECK(encoded("fo") == "Zm8=");
    CHECK(encoded("foo") == "Zm9v");
    CHECK(encoded("foob") == "Zm9vYg==");
    CHECK(encoded("fooba") == "Zm9vYmE=");
    CHECK(encoded("foobar") == "Zm9vYmFy");
    CHECK(encoded("\xff\xfe\xfb") == "//77");
}

TEST_CASE("what is base64 of so many bytes") {
    CHECK(is_base64_of("dGhlIHNhbXBsZSBub25jZQ==", 16));
    CHECK_FALSE(is_base64_of("dGhlIHNhbXBsZSBub25jZQ==", 17));
    CHECK_FALSE(is_base64_of("dGhlIHNhbXBsZSBub25jZR==", 16));  // bits past the end
    CHECK_FALSE(is_base64_of("dGhlIHNhbXBsZSBub25jZ===", 16));
    CHECK_FALSE(is_base64_of("dGhlIHNhbXBsZSBub25jZQAA", 16));
    CHECK_FALSE(is_base64_of("dGhlIHNhbX-sZSBub25jZQ==", 16));
    CHECK(is_base64_of("Zm8=", 2));
    CHECK_FALSE(is_base64_of("Zm9=", 2));
    CHECK(is_base64_of("Zm9v", 3));
    CHECK(is_base64_of("", 0));
}
