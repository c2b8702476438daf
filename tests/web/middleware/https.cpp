#include "eventcore/web/middleware/https.hpp"

#include <string>

#include "catch.hpp"
#include "eventcore/web/router.hpp"
#include "support/fake_exchange.hpp"

namespace ec = eventcore;
using namespace std::chrono_literals;
using ec::status;

namespace {

template <class Router>
ec::test::answer ask(const Router& app, bool encrypted, std::string host, std::string target) {
    ec::test::field_strings fields;
    if (!host.empty()) fields.push_back({"Host", host});
    ec::test::exchange_under_test e("GET", std::move(target), fields);
    e.io.encrypted = encrypted;
    e.run(app.application(), "");
    ec::test::answer a;
    a.code = e.out.value().code();
    for (const auto& field : e.out.value().fields())
        a.fields.push_back({std::string(field.name), std::string(field.value)});
    return a;
}
ec::response say_hello() { return "hello"; }
auto hello() { return ec::group<"">(ec::get<"/">(&say_hello), ec::get<"/{rest...}">(&say_hello)); }

}  // namespace

TEST_CASE("a plain request is sent to the same place over TLS") {
    const auto app = ec::router(ec::use(ec::https_redirect()), hello());
    const auto place = [&](std::string host, std::string target) {
        const ec::test::answer a = ask(app, false, std::move(host), std::move(target));
        CHECK(a.code == status::permanent_redirect);
        return a.field("Location");
    };
    CHECK(place("example.org", "/") == "https://example.org/");
    CHECK(place("example.org:8080", "/a/b?c=d&e") == "https://example.org/a/b?c=d&e");
    CHECK(place("[::1]:8080", "/") == "https://[::1]/");
    CHECK(place("[::1]", "/") == "https://[::1]/");
    CHECK(ask(app, true, "example.org", "/").code == status::ok);
    CHECK(ask(app, false, "", "/").code == status::bad_request);
}

TEST_CASE("the place may be another port, and another host") {
    const auto app =
        ec::router(ec::use(ec::https_redirect({.port = 8443, .host = "www.example.org"})), hello());
    CHECK(ask(app, false, "example.org:8080", "/a").field("Location") == "https://www.example.org:8443/a");
    CHECK(ask(app, false, "", "/a").field("Location") == "https://www.example.org:8443/a");
}

TEST_CASE("HSTS is told over TLS, and only there") {
    const auto app = ec::router(ec::use(ec::hsts()), hello());
    CHECK(ask(app, true, "a", "/").field("Strict-Transport-Security") == "max-age=31536000");
    CHECK(ask(app, false, "a", "/").field("Strict-Transport-Security").empty());
    const auto all =
        ec::router(ec::use(ec::hsts({.max_age = 60s, .include_subdomains = true, .preload = true})), hello());
    CHECK(ask(all, true, "a", "/").field("Strict-Transport-Security") ==
          "max-age=60; includeSubDomains; preload");
}
