#include "eventcore/http/request.hpp"

#include "catch.hpp"

using namespace eventcore::http;

TEST_CASE("a fresh request head is a GET of HTTP/1.1 without content") {
    const request_head head;
    CHECK(head.verb == method::get);
    CHECK(head.minor_version == 1);
    CHECK(head.keep_alive);
    CHECK_FALSE(head.has_body());
    CHECK(head.fields.empty());
    CHECK(head.path.empty());
    CHECK_FALSE(head.has_query);
}
