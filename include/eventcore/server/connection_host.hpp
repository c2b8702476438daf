// What the connections of one worker share: the application, the options, memory to reuse, the date,
// counters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

#include "eventcore/base/byte_buffer.hpp"
#include "eventcore/http/date.hpp"
#include "eventcore/http/fields.hpp"
#include "eventcore/http/h1/serializer.hpp"
#include "eventcore/reactor/reactor.hpp"
#include "eventcore/server/http2_service.hpp"
#include "eventcore/server/options.hpp"
#include "eventcore/server/statistics.hpp"
#include "eventcore/web/application.hpp"

namespace eventcore {

class connection_host {
 public:
    // Bytes of answers collected before they are sent: one write for the answers of one read.
    static constexpr std::size_t scratch_bytes = 64 * 1024;

    connection_host(reactor& home, application app, const server_options& options, worker_counters& counters)
        : home_(home), app_(app), options_(options), counters_(counters) {
        scratch_.prepare(scratch_bytes);
        ending_.prepare(h1::head_ending_bytes(options.server_name));
        retry_after_.set("Retry-After", std::to_string(options.retry_after_seconds)).value();
        const unsigned workers = options.workers > 0 ? options.workers : 1;
        in_flight_max_ = options.shed_in_flight / workers + (options.shed_in_flight % workers != 0);
        if (options.http2.enabled && detail::make_http2) http2_ = detail::make_http2(*this);
    }
    connection_host(const connection_host&) = delete;
    connection_host& operator=(const connection_host&) = delete;

    reactor& home() const noexcept { return home_; }
    const application& app() const noexcept { return app_; }
    const server_options& options() const noexcept { return options_; }
    worker_counters& counters() const noexcept { return counters_; }
    void reached(server_limit which) noexcept { counters_.limit(which).add(); }

    // Null where the program has no HTTP/2 or the options have turned it off.
    http2_service* http2() const noexcept { return http2_.get(); }

    bool is_draining() const noexcept { return is_draining_; }
    void set_draining() noexcept { is_draining_ = true; }
    // Draining, and who has not asked by now is not waited for.
    bool closes_idle() const noexcept { return closes_idle_; }
    void set_closes_idle() noexcept { closes_idle_ = true; }

    // ---- overload ----

    // A handler, or the producer of a stream, has suspended; and it has ended. `is_counted`: the exchange's.
    void handler_waits(bool& is_counted) noexcept {
        in_flight_ += !is_counted;
        is_counted = true;
    }
    void handler_ended(bool& is_counted) noexcept {
        in_flight_ -= is_counted;
        is_counted = false;
    }
    // The worker asks for a turn at a time, again and again. `late`: by how much the last one was.
    void expect_turn(time_point at, duration late) noexcept {
        turn_expected_ = at;
        loop_delay_ = late;
    }
    bool is_overloaded() const noexcept {
        if (in_flight_max_ > 0 && in_flight_ >= in_flight_max_) return true;
        const duration most = options_.shed_loop_delay;
        if (most == duration::zero()) return false;
        return loop_delay_ > most || home_.now() - turn_expected_ > most;
    }
    const http::fields& retry_after() const noexcept { return retry_after_; }

    // All places are taken, and somebody waits for one.
    bool is_full() const noexcept { return is_full_; }
    void set_full(bool full) noexcept { is_full_ = full; }

    // Where the connection whose turn it is collects its answers; empty between turns.
    byte_buffer& scratch() noexcept { return scratch_; }

    // What every head ends with: the Server field, and the Date as it is now (RFC 9110, 6.6.1). Written once
    // a second.
    void give_ending(h1::response_head& head) noexcept {
        const wall_time_point now = home_.wall_now();
        if (now < ending_from_ || now >= ending_until_) [[unlikely]]
            write_ending(now);
        head.server = options_.server_name;
        head.date = {date_, http::date_bytes};
        head.ending = ending_.view();
    }

    // Logs what a handler threw.
    void report_failure(std::string_view route, const std::exception_ptr& failure) noexcept {
        counters_.handler_failures.add();
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& e) {
            options_.log.error("a handler threw", {{"route", route}, {"what", e.what()}});
        } catch (...) {
            options_.log.error("a handler threw something that is no std::exception", {{"route", route}});
        }
    }

    void report_unsendable(std::string_view route) noexcept {
        counters_.handler_failures.add();
        options_.log.error("a handler answered with a status or a media type that cannot be sent",
                           {{"route", route}});
    }

 private:
    [[gnu::noinline]] void write_ending(wall_time_point now) noexcept {
        const http::unix_seconds second = http::to_unix_seconds(now);
        http::write_date(date_, second);
        ending_from_ = wall_time_point(std::chrono::seconds(second));
        ending_until_ = ending_from_ + std::chrono::seconds(1);
        char* const to = ending_.data();
        ending_.truncate(0);
        ending_.commit(static_cast<std::size_t>(
            h1::write_head_ending(to, options_.server_name, {date_, http::date_bytes}) - to));
    }

    reactor& home_;
    application app_;
    const server_options& options_;
    worker_counters& counters_;
    byte_buffer scratch_;
    byte_buffer ending_;
    owned<http2_service> http2_;
    http::fields retry_after_;
    std::uint32_t in_flight_ = 0;
    std::uint32_t in_flight_max_ = 0;  // 0: no limit
    time_point turn_expected_ = no_deadline;
    duration loop_delay_{};
    wall_time_point ending_from_ = (wall_time_point::max)();
    wall_time_point ending_until_ = (wall_time_point::min)();
    char date_[http::date_bytes] = {};
    bool is_draining_ = false;
    bool is_full_ = false;
    bool closes_idle_ = false;
};

}  // namespace eventcore
