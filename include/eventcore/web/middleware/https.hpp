// Only over TLS: a plain request is sent on to https, and a browser that has been there asks nowhere else.
//
//   ec::router(ec::use(ec::https_redirect()), ec::use(ec::hsts()), …)
//
// Both look at the connection itself (request::is_encrypted()). Behind a proxy that ends TLS every connection
// is plain: then it is the proxy that redirects.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "eventcore/base/assert.hpp"
#include "eventcore/base/clock.hpp"
#include "eventcore/web/problem.hpp"
#include "eventcore/web/request.hpp"
#include "eventcore/web/response.hpp"

namespace eventcore {

struct https_redirect_options {
    std::uint16_t port = 443;  // where the server speaks TLS
    std::string host = {};     // the name to send clients to; empty: the one they asked for
};

struct hsts_options {
    duration max_age = std::chrono::hours(24 * 365);  // for how long a browser remembers; zero: it forgets
    bool include_subdomains = false;
    bool preload = false;  // asks for a place in the browsers' own lists; that is hard to undo
};

namespace detail {

class https_redirect_guard {
 public:
    explicit https_redirect_guard(https_redirect_options options) : options_(std::move(options)) {}

    std::optional<response> operator()(request& req) const {
        if (req.is_encrypted()) return std::nullopt;
        response answer(status::permanent_redirect);  // 308: the method stays (RFC 9110, 15.4.9)
        const std::string_view host = options_.host.empty() ? host_of(req.head().authority) : options_.host;
        const bool has_place = !host.empty() && req.path().starts_with('/');
        if (!has_place) {
            set_problem(answer, problem{status::bad_request, {}, {}, {}});
            return answer;
        }
        std::string place("https://");
        place.append(host);
        if (options_.port != 443) place.append(":").append(std::to_string(options_.port));
        place.append(req.path());
        if (!req.query().empty()) place.append("?").append(req.query());
        answer.set("Location", place);
        return answer;
    }

 private:
    // Without the port; an IPv6 address keeps its brackets.
    static std::string_view host_of(std::string_view authority) noexcept {
        const std::size_t colon = authority.rfind(':');
        const bool has_port =
            colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
        return has_port ? authority.substr(0, colon) : authority;
    }

    https_redirect_options options_;
};

class hsts_field {
 public:
    explicit hsts_field(const hsts_options& options) {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options.max_age).count();
        EVENTCORE_ASSERT(seconds >= 0, "the max-age of HSTS is not below zero");
        value_ = "max-age=" + std::to_string(seconds);
        if (options.include_subdomains) value_ += "; includeSubDomains";
        if (options.preload) value_ += "; preload";
    }
    // Over a plain connection it would count for nothing, and must not be sent (RFC 6797, 7.2).
    void operator()(const request& req, response& answer) const {
        if (req.is_encrypted()) answer.set("Strict-Transport-Security", value_);
    }

 private:
    std::string value_;
};

}  // namespace detail

inline detail::https_redirect_guard https_redirect(https_redirect_options options = {}) {
    return detail::https_redirect_guard(std::move(options));
}

// HTTP Strict Transport Security (RFC 6797).
inline detail::hsts_field hsts(const hsts_options& options = {}) { return detail::hsts_field(options); }

}  // namespace eventcore
