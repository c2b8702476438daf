#include "eventcore/http/status.hpp"

#include "catch.hpp"

using namespace eventcore::http;

static_assert(code_of(status::ok) == 200);
static_assert(!allows_content(status::no_content) && !allows_content(status::not_modified));
static_assert(!allows_content(status::continue_) && allows_content(status::not_found));
static_assert(is_client_error(status::im_used) == false && is_successful(status::im_used));

TEST_CASE("a registered status has its phrase") {
    CHECK(reason_phrase(status::ok) == "OK");
    CHECK(reason_phrase(status::early_hints) == "Early Hints");
    CHECK(reason_phrase(status::permanent_redirect) == "Permanent Redirect");
    CHECK(reason_phrase(status::request_header_fields_too_large) == "Request Header Fields Too Large");
    CHECK(reason_phrase(status::network_authentication_required) == "Network Authentication Required");
}

TEST_CASE("a status nobody registered has no phrase") {
    CHECK(reason_phrase(static_cast<status>(299)).empty());
    CHECK(reason_phrase(static_cast<status>(418)).empty());
    CHECK(reason_phrase(static_cast<status>(599)).empty());
    CHECK(is_valid(static_cast<status>(599)));
    CHECK_FALSE(is_valid(static_cast<status>(600)));
    CHECK_FALSE(is_valid(static_cast<status>(99)));
}
