// A request as a handler sees it: the head as it was parsed, the path's parameters, the content, and the
// context it runs under. Views into it live until the handler has finished, however often that suspends.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "eventcore/base/arena.hpp"
#include "eventcore/base/assert.hpp"
#include "eventcore/coro/context.hpp"
#include "eventcore/http/request.hpp"
#include "eventcore/web/body.hpp"

namespace eventcore {

// The values of a pattern's parameters, in the order they are in the path; decoded.
class path_values {
 public:
    static constexpr std::size_t count_max = 16;

    std::size_t size() const noexcept { return count_; }
    std::string_view operator[](std::size_t i) const noexcept { return values_[i]; }
    void push_back(std::string_view value) noexcept { values_[count_++] = value; }
    void truncate(std::size_t count) noexcept { count_ = count; }  // to fewer

 private:
    std::string_view values_[count_max];
    std::size_t count_ = 0;
};

class request {
 public:
    // Everything passed must outlive the request; the connection sees to that.
    request(const http::request_head& head, context& c, arena& memory, exchange& io) noexcept
        : head_(&head), context_(&c), memory_(&memory), io_(&io), body_(io) {}
    request(const request&) = delete;
    request& operator=(const request&) = delete;

    http::method method() const noexcept { return head_->verb; }
    std::string_view path() const noexcept { return head_->path; }    // as sent: not decoded
    std::string_view query() const noexcept { return head_->query; }  // without the "?"
    const http::request_head& head() const noexcept { return *head_; }
    http::field_list fields() const noexcept { return head_->fields; }

    // The first field of that name; case does not matter.
    std::optional<std::string_view> header(std::string_view name) const noexcept {
        return head_->fields.find(name);
    }
    std::optional<std::string_view> header(http::field_id id) const noexcept {
        return head_->fields.find(id);
    }

    const path_values& path_parameters() const noexcept { return parameters_; }
    path_values& path_parameters() noexcept { return parameters_; }
    // The pattern of the route that was chosen ("/users/{id}"), or empty: for logs and metric labels.
    std::string_view route() const noexcept { return route_ ? *route_ : std::string_view{}; }
    // The pattern as the table of routes has it, which outlives the request; null when no route was found.
    const std::string_view* route_pattern() const noexcept { return route_; }
    void set_route(const std::string_view& pattern) noexcept { route_ = &pattern; }

    // The content, when the handler asked for it whole (body_use::whole); empty otherwise.
    std::string_view content() const noexcept { return content_; }
    void set_content(std::string_view bytes) noexcept { content_ = bytes; }
    // The content as a stream, when the handler asked for body_reader&.
    body_reader& body() noexcept { return body_; }

    // Cancellation, deadline and home of this request.
    context& ctx() const noexcept { return *context_; }
    // Memory that is freed when the request is done.
    arena& memory() const noexcept { return *memory_; }
    exchange& io() const noexcept { return *io_; }

    peer_info peer() const noexcept { return io_->peer(); }
    bool is_encrypted() const noexcept { return io_->is_encrypted(); }
    // The client's address as a number, without its port; see exchange::peer_group().
    std::uint32_t peer_group() const noexcept { return io_->peer_group(); }

    // For connections: forgets the previous request; head, context, memory and exchange are the same objects.
    void reset() noexcept {
        route_ = nullptr;
        content_ = {};
        parameters_.truncate(0);
    }

 private:
    const http::request_head* head_;
    context* context_;
    arena* memory_;
    exchange* io_;
    const std::string_view* route_ = nullptr;
    std::string_view content_;
    body_reader body_;
    path_values parameters_;
};

}  // namespace eventcore
