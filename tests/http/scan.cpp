#include "eventcore/http/scan.hpp"

#include <string>

#include "catch.hpp"
#include "guarded_text.hpp"

using namespace eventcore;
using namespace eventcore::http;

namespace {

// Puts every octet at every place of a run of `fill`, so that it falls on each lane of each block and on the
// tail, and compares where the run ends with what `allows` says.
template <class Skip, class Allows>
void check_every_octet_everywhere(char fill, std::size_t longest, Skip skip, Allows allows) {
    for (std::size_t size : {std::size_t{1}, std::size_t{15}, std::size_t{16}, std::size_t{17}, longest}) {
        guarded_text text(std::string(size, fill));
        char* bytes = const_cast<char*>(text.data());
        CHECK(skip(text.data(), text.end()) == text.end());
        for (std::size_t at = 0; at < size; ++at) {
            for (int octet = 0; octet < 256; ++octet) {
                bytes[at] = static_cast<char>(octet);
                const char* expected = allows(static_cast<char>(octet)) ? text.end() : text.data() + at;
                if (skip(text.data(), text.end()) != expected) FAIL("octet " << octet << " at " << at);
            }
            bytes[at] = fill;
        }
    }
}

}  // namespace

TEST_CASE("a token ends at the first octet that is no tchar") {
    check_every_octet_everywhere('a', 40, skip_token, is_tchar);
    check_every_octet_everywhere('_', 40, skip_token, is_tchar);
}

TEST_CASE("a field value ends at the first control octet") {
    check_every_octet_everywhere('a', 40, skip_field_value, eventcore::http::detail::is_field_octet);
    check_every_octet_everywhere('\t', 40, skip_field_value, eventcore::http::detail::is_field_octet);
    check_every_octet_everywhere('\xff', 40, skip_field_value, eventcore::http::detail::is_field_octet);
}

TEST_CASE("the end of a line is its first control octet") {
    for (const char fill : {'a', '\t', '\xff'}) {
        const auto find = [](const char* first, const char* last) {
            return line_end_finder(first, first, last).find(first);
        };
        check_every_octet_everywhere(fill, 140, find, eventcore::http::detail::is_field_octet);
    }
}

TEST_CASE("the ends of lines are found wherever they lie in a window") {
    for (std::size_t before : {std::size_t{0}, std::size_t{1}, std::size_t{20}}) {
        for (std::size_t length = 0; length < 140; ++length) {
            const std::string line(length, length % 2 == 0 ? 'a' : '\t');
            const guarded_text text(std::string(before, '\n') + line + "\r\n" + line + "\r\n\r\nnext");
            const char* at = text.data() + before;
            line_end_finder ends(text.data(), at, text.end());
            for (const std::size_t expected : {length, length, std::size_t{0}, std::size_t{4}}) {
                const char* const end = ends.find(at);
                REQUIRE(static_cast<std::size_t>(end - at) == expected);
                at = end + 2;
            }
        }
    }
}

TEST_CASE("a target ends at the first octet RFC 3986 does not allow") {
    const auto skip = [](const char* first, const char* last) { return skip_target(first, last).last; };
    check_every_octet_everywhere('a', 40, skip, eventcore::http::detail::is_target_octet);
    check_every_octet_everywhere('%', 40, skip, eventcore::http::detail::is_target_octet);
}

TEST_CASE("a host ends at the first octet that is in no name, wherever the readable bytes end") {
    for (std::size_t behind : {std::size_t{0}, std::size_t{3}, std::size_t{30}}) {
        const auto skip = [&](const char* first, const char* last) {
            const char* host_last = last - (static_cast<std::size_t>(last - first) > behind ? behind : 0);
            const char* end = skip_host(first, host_last, last);
            return end == host_last ? last : end;
        };
        const auto allows = [](char c) { return eventcore::http::detail::is_host_octet(c); };
        if (behind == 0) check_every_octet_everywhere('a', 40, skip, allows);
        const guarded_text text("localhost:8080\r\n\r\n0123456789012345");
        CHECK(skip_host(text.data(), text.data() + 14, text.end()) == text.data() + 9);
        CHECK(skip_host(text.data(), text.data() + 4, text.end()) == text.data() + 4);
    }
}

TEST_CASE("the first question mark and whether there is an escape are noted") {
    for (std::size_t before : {1u, 15u, 16u, 31u, 40u}) {
        const guarded_text text("/" + std::string(before, 'p') + "?a?b%20 HTTP/1.1 %?");
        const target_run run = skip_target(text.data(), text.end());
        CHECK(run.question == text.data() + before + 1);
        CHECK(run.has_percent);
        CHECK(*run.last == ' ');
        const target_run path = skip_target(text.data(), run.question);
        CHECK(path.question == nullptr);
        CHECK_FALSE(path.has_percent);
    }
    // What stands behind the end counts for nothing.
    const guarded_text plain("/p ?%?%?%?%?%?%?%?%");
    const target_run run = skip_target(plain.data(), plain.end());
    CHECK((run.question == nullptr && !run.has_percent && run.last == plain.data() + 2));
}

TEST_CASE("field names are recognised at the end of memory and with bytes behind them") {
    for (unsigned i = 1; i <= eventcore::http::detail::field_name_count; ++i) {
        const auto id = static_cast<field_id>(i);
        for (const char* behind : {"", ":", ": some value that is longer"}) {
            std::string name(to_string(id));
            const guarded_text text(name + behind);
            CHECK(find_field_id_of_token(text.data(), name.size(), text.end()) == id);
            for (std::size_t at = 0; at < name.size(); ++at) {
                std::string other = name;
                other[at] = other[at] == '~' ? '!' : '~';
                const guarded_text changed(other + behind);
                CHECK(find_field_id_of_token(changed.data(), name.size(), changed.end()) ==
                      field_id::unknown);
            }
        }
    }
    const guarded_text odd("te: trailers and more bytes");
    CHECK(find_field_id_of_token(odd.data(), 2, odd.end()) == field_id::te);
    CHECK(find_field_id_of_token(odd.data(), 1, odd.end()) == field_id::unknown);
}
