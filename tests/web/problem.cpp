#include "eventcore/web/problem.hpp"

#include <cerrno>

#include "catch.hpp"

using namespace eventcore;

TEST_CASE("a problem is well-formed JSON whatever the client sent") {
    response r;
    set_problem(r, {http::status::bad_request, "a \"quote\", \\ and \n, \xff and \xC3\xBC", "/a/0", {}});
    CHECK(r.code() == http::status::bad_request);
    CHECK(r.content() ==
          "{\"status\":400,\"title\":\"Bad Request\",\"detail\":\"a \\\"quote\\\", \\\\ and \\u000a, ? and "
          "\xC3\xBC\","
          "\"pointer\":\"/a/0\"}");
    CHECK(r.content_type() == "application/problem+json");
}

TEST_CASE("errors have the status that says what they mean to a client") {
    CHECK(status_for(errc::not_found) == http::status::not_found);
    CHECK(status_for(errc::too_large) == http::status::content_too_large);
    CHECK(status_for(errc::timed_out) == http::status::gateway_timeout);
    CHECK(status_for(errc::overloaded) == http::status::service_unavailable);
    CHECK(status_for(system_error(ENOENT)) == http::status::not_found);
    CHECK(status_for(system_error(EACCES)) == http::status::forbidden);
    CHECK(status_for(system_error(EEXIST)) == http::status::conflict);
    CHECK(status_for(system_error(EIO)) == http::status::internal_server_error);
}

TEST_CASE("what failed inside the server is not told") {
    response r;
    set_problem(r, system_error(EIO));
    CHECK(r.content() == R"({"status":500,"title":"Internal Server Error"})");
}
