// The opening handshake of a WebSocket, from a request to the response that carries it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "eventcore/base/assert.hpp"
#include "eventcore/http/websocket/handshake.hpp"
#include "eventcore/web/extract.hpp"
#include "eventcore/web/request.hpp"
#include "eventcore/web/response.hpp"
#include "eventcore/web/websocket_core.hpp"

namespace eventcore::detail {

// A request as a parameter of a handler that is not one of the user's.
class websocket_request {
 public:
    explicit websocket_request(request& req) noexcept : req_(&req) {}

    // `make_starter` is called when nothing can be refused any more.
    template <class F>
    response answer(const websocket_options& options, F make_starter) const {
        if (std::optional<response> refused = check(options)) return std::move(*refused);
        websocket_core::agreement agreed;
        const bool is_upgrade = req_->io().can_tunnel() == tunnel_form::upgrade;
        const http::status code = is_upgrade ? http::status::switching_protocols : http::status::ok;
        agreed.protocol = choose_protocol(options);
        agreed.deflate = choose_deflate(options);
        websocket_starter* const starter = make_starter();
        tunnel_ptr core = make_core(options, agreed, starter);
        response made = response::from_tunnel(code, std::move(core));
        write_fields(made, options, agreed, is_upgrade);
        return made;
    }

 private:
    tunnel_ptr make_core(const websocket_options& options, const websocket_core::agreement& agreed,
                         websocket_starter* starter) const {
        try {
            return tunnel_ptr(
                *new websocket_core(req_->ctx().home(), options, req_->route_pattern(), agreed, starter));
        } catch (...) {
            starter->destroy(starter);
            throw;
        }
    }
    std::optional<response> check(const websocket_options& options) const;
    bool allows_origin(const websocket_options& options) const;
    std::uint8_t choose_protocol(const websocket_options& options) const;
    websockets::deflate_agreement choose_deflate(const websocket_options& options) const;
    void write_fields(response& head, const websocket_options& options,
                      const websocket_core::agreement& agreed, bool is_upgrade) const;

    request* req_;
};

inline std::optional<response> websocket_request::check(const websocket_options& options) const {
    EVENTCORE_ASSERT(options.message_bytes_max <= 0xFFFF'FFFF, "a WebSocket message has less than 4 GiB");
    using fault = websockets::handshake_fault;
    const tunnel_form form = req_->io().can_tunnel();
    const auto asked = form == tunnel_form::extended_connect ? websockets::handshake_form::extended_connect
                                                             : websockets::handshake_form::upgrade;
    // HTTP/2 has no Upgrade field, without which no 426 may be (RFC 9110, 15.5.22).
    const http::status other_protocol =
        form == tunnel_form::upgrade ? http::status::upgrade_required : http::status::bad_request;
    switch (websockets::check_handshake(req_->head(), asked)) {
        case fault::none: break;
        case fault::no_upgrade: return response(other_protocol, "this is a WebSocket\n");
        case fault::malformed: return response(http::status::bad_request, "no WebSocket handshake\n");
        case fault::version:
            response other(other_protocol, "WebSocket version 13 only\n");
            other.set("Sec-WebSocket-Version", "13");
            return other;
    }
    if (form == tunnel_form::none) return response(http::status::not_implemented);
    if (!allows_origin(options)) return response(http::status::forbidden, "not from this origin\n");
    return std::nullopt;
}

// A browser sends Origin with every WebSocket, and cookies too: any page could act for the user.
inline bool websocket_request::allows_origin(const websocket_options& options) const {
    const auto origin = req_->header(http::field_id::origin);
    if (!origin || websockets::is_same_origin(*origin, req_->head().authority)) return true;
    for (const std::string& allowed : options.origins)
        if (allowed == "*" || equal_ignoring_case(allowed, *origin)) return true;
    return false;
}

inline std::uint8_t websocket_request::choose_protocol(const websocket_options& options) const {
    for (std::size_t i = 0; i < options.protocols.size() && i < websocket_core::no_protocol; ++i)
        if (websockets::lists_token_exactly(req_->fields(), http::field_id::sec_websocket_protocol,
                                            options.protocols[i]))
            return static_cast<std::uint8_t>(i);
    return websocket_core::no_protocol;
}

inline websockets::deflate_agreement websocket_request::choose_deflate(
    const websocket_options& options) const {
    if (!options.deflate.codec) return {};
    const http::field_list fields = req_->fields();
    for (std::size_t i = 0; i < fields.size(); ++i) {
        if (fields[i].id != http::field_id::sec_websocket_extensions) continue;
        const auto agreed = websockets::agree_on_deflate(fields[i].value, options.deflate);
        if (agreed.is_agreed) return agreed;
    }
    return {};
}

inline void websocket_request::write_fields(response& head, const websocket_options& options,
                                            const websocket_core::agreement& agreed, bool is_upgrade) const {
    if (is_upgrade) {
        const websockets::accept_text accept =
            websockets::accept_key(req_->header(http::field_id::sec_websocket_key).value_or(""));
        head.set("Sec-WebSocket-Accept", {accept.data(), accept.size()});
    }
    if (agreed.protocol != websocket_core::no_protocol)
        head.set("Sec-WebSocket-Protocol", options.protocols[agreed.protocol]);
    if (!agreed.deflate.is_agreed) return;
    byte_buffer value;
    websockets::append_agreement(value, agreed.deflate);
    head.set("Sec-WebSocket-Extensions", value.view());
}

}  // namespace eventcore::detail

namespace eventcore {

template <>
struct extractor<detail::websocket_request> {
    static std::optional<detail::websocket_request> extract(request& req, rejection&) {
        return detail::websocket_request(req);
    }
};

}  // namespace eventcore
