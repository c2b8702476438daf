#include "eventcore/http/field_name.hpp"

#include <string>

#include "catch.hpp"

using namespace eventcore;
using namespace eventcore::http;

static_assert(find_field_id("Content-Length") == field_id::content_length);
static_assert(to_string(field_id::etag) == "ETag");

namespace {

constexpr auto first_id = static_cast<unsigned>(field_id::host);
constexpr auto last_id = static_cast<unsigned>(eventcore::http::detail::field_name_count);

}  // namespace

TEST_CASE("every known field name is found in any case") {
    for (unsigned i = first_id; i <= last_id; ++i) {
        const auto id = static_cast<field_id>(i);
        std::string name(to_string(id));
        CHECK(find_field_id(name) == id);
        for (char& c : name) c = to_lower(c);
        CHECK(find_field_id(name) == id);
        for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c;
        CHECK(find_field_id(name) == id);
    }
}

TEST_CASE("a name that differs in one character is unknown") {
    for (unsigned i = first_id; i <= last_id; ++i) {
        const std::string name(to_string(static_cast<field_id>(i)));
        for (std::size_t at = 0; at < name.size(); ++at) {
            std::string other = name;
            other[at] = other[at] == '_' ? '.' : '_';
            CHECK(find_field_id(other) == field_id::unknown);
        }
        CHECK(find_field_id(name + "x") != static_cast<field_id>(i));
        CHECK(find_field_id(name.substr(1)) != static_cast<field_id>(i));
    }
    CHECK(find_field_id("") == field_id::unknown);
    CHECK(find_field_id("X") == field_id::unknown);
    CHECK(find_field_id(std::string(1000, 'a')) == field_id::unknown);
}

TEST_CASE("the fields that frame a message come first") {
    for (const field_id id : {field_id::host, field_id::content_length, field_id::transfer_encoding,
                              field_id::connection, field_id::expect, field_id::upgrade})
        CHECK((id != field_id::unknown && id <= field_id::upgrade));
    CHECK(field_id::accept > field_id::upgrade);
}
