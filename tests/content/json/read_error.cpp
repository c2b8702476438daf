#include "eventcore/content/json/read_error.hpp"

#include "catch.hpp"

using namespace eventcore::json_codec;

TEST_CASE("a read_error is false until something failed") {
    read_error error;
    CHECK_FALSE(error);
    CHECK_FALSE(error.code());
    CHECK(error.message().empty());
    error.reason = read_errc::wrong_type;
    CHECK(error);
    CHECK(error.code() == eventcore::errc::malformed);
    error.reason = read_errc::too_deep;
    CHECK(error.code() == eventcore::errc::too_large);
}

TEST_CASE("the pointer is built outwards and escapes as RFC 6901 says") {
    read_error error;
    error.inside_member("a/b~c");
    error.inside_element(3);
    error.inside_member("items");
    CHECK(error.pointer == "/items/3/a~1b~0c");
    error.inside_member("");
    CHECK(error.pointer == "//items/3/a~1b~0c");
}

TEST_CASE("a name that a stranger made long is cut, between two characters") {
    read_error error;
    error.inside_member(std::string(127, 'a') + "\xC3\xBC" + std::string(1000, 'b'));
    CHECK(error.pointer == "/" + std::string(127, 'a') + "...");
    error = {};
    error.inside_member(std::string(128, 'a'));
    CHECK(error.pointer == "/" + std::string(128, 'a'));
    error = {};
    error.inside_member(std::string(500, '\x80'));  // no character begins anywhere
    CHECK(error.pointer == "/...");
}

TEST_CASE("the message says what and where") {
    read_error error;
    error.reason = read_errc::wrong_type;
    error.offset = 42;
    error.detail = "expected a string, found a number";
    CHECK(error.message() == "expected a string, found a number (at byte 42)");
    error.pointer = "/items/3/name";
    CHECK(error.message() == "expected a string, found a number (at /items/3/name, byte 42)");
}
