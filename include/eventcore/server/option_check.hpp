// Options that cannot be meant, found before the server starts; and what the system allows of the others.
#pragma once

#include <sys/resource.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "eventcore/http/fields.hpp"
#include "eventcore/server/options.hpp"

namespace eventcore::detail {

// Collects the first thing that is wrong, as a sentence: "body_timeout is 0 s, and has to be …".
class option_check {
 public:
    void time(std::string_view name, duration value, bool may_be_zero = false) {
        constexpr duration longest = std::chrono::hours(24 * 365);
        const bool is_good =
            value <= longest && (value > duration::zero() || (may_be_zero && value == duration::zero()));
        if (is_good) return;
        fail(name, may_be_zero ? "has to be 0 to 365 days" : "has to be more than 0, at most 365 days");
    }
    void count(std::string_view name, std::uint64_t value, std::uint64_t least, std::uint64_t most) {
        if (value >= least && value <= most) return;
        const std::string range = "has to be " + std::to_string(least) + " to " + std::to_string(most);
        fail(name, range);
    }
    void text(std::string_view name, std::string_view value) {
        if (!http::is_field_value(value)) fail(name, "cannot be sent in a field: it has control characters");
    }
    std::string take() { return std::move(failure_); }

 private:
    void fail(std::string_view name, std::string_view why) {
        if (!failure_.empty()) return;
        failure_ = "server_options::";
        failure_.append(name).append(" ").append(why);
    }
    std::string failure_;
};

}  // namespace eventcore::detail

namespace eventcore {

// What is wrong with the options, in a sentence; empty when nothing is.
inline std::string find_wrong_option(const server_options& o) {
    constexpr std::uint64_t any = UINT64_MAX, mib = 1024 * 1024;
    detail::option_check check;
    check.count("workers", o.workers, 0, 4096);
    check.count("pool_threads", o.pool_threads, 1, 4096);
    check.count("pool_queue_count", o.pool_queue_count, 1, UINT32_MAX);
    check.count("connections_max", o.connections_max, 1, any);
    check.count("connections_per_peer_max", o.connections_per_peer_max, 0, UINT32_MAX);
    check.count("pipelined_per_turn", o.pipelined_per_turn, 1, UINT32_MAX);
    check.count("read_buffer_bytes", o.read_buffer_bytes, 64, 64 * mib);
    check.count("write_watermark_bytes", o.write_watermark_bytes, 1, 1024 * mib);
    check.count("stream_bytes_max", o.stream_bytes_max, 1, any);
    check.count("limits.request_line_bytes", o.limits.request_line_bytes, 16, 16 * mib);
    check.count("limits.field_count", o.limits.field_count, 1, 65'535);
    check.count("limits.field_section_bytes", o.limits.field_section_bytes, 16, 64 * mib);
    check.time("header_timeout", o.header_timeout);
    check.time("body_timeout", o.body_timeout);
    check.time("body_grace", o.body_grace, true);
    check.time("write_timeout", o.write_timeout);
    check.time("idle_timeout", o.idle_timeout);
    check.time("request_timeout", o.request_timeout);
    check.time("connection_lifetime", o.connection_lifetime);
    check.time("linger_timeout", o.linger_timeout, true);
    check.time("drain_grace", o.drain_grace, true);
    check.time("drain_timeout", o.drain_timeout, true);
    check.time("stall_after", o.stall_after, true);
    check.time("exit_timeout", o.exit_timeout, true);
    check.time("shed_loop_delay", o.shed_loop_delay, true);
    check.count("backlog", static_cast<std::uint64_t>(o.backlog < 0 ? 0 : o.backlog), 1, INT32_MAX);
    check.count("http2.streams_max", o.http2.streams_max, 1, 1'000'000);
    check.count("http2.stream_window_bytes", o.http2.stream_window_bytes, 1024, INT32_MAX);
    check.count("http2.connection_window_bytes", o.http2.connection_window_bytes, 65'535, INT32_MAX);
    check.text("server_name", o.server_name);
    return check.take();
}

// How many connections fit into the descriptors this process may open: what the workers hold for themselves,
// and an eighth for files and outgoing connections, is not for them. Running out is survived too, but then
// nothing can be opened.
inline std::size_t connections_that_fit(unsigned workers) noexcept {
    rlimit allowed{};
    if (::getrlimit(RLIMIT_NOFILE, &allowed) != 0 || allowed.rlim_cur == RLIM_INFINITY) return SIZE_MAX;
    const auto all = static_cast<std::size_t>(allowed.rlim_cur);
    const std::size_t own = 8 + std::size_t{workers} * 8 + all / 8;
    return all > own + workers ? all - own : workers;
}

}  // namespace eventcore
