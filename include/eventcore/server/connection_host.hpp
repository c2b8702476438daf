// What the connections of one worker share: the application, the options, memory to reuse, the date,
// counters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string_view>

#include "eventcore/base/byte_buffer.hpp"
#include "eventcore/http/date.hpp"
#include "eventcore/observe/counter.hpp"
#include "eventcore/reactor/reactor.hpp"
#include "eventcore/server/options.hpp"
#include "eventcore/web/application.hpp"

namespace eventcore {

// Counted by a worker, readable by any thread.
struct worker_counters {
    counter connections_accepted;
    counter connections_closed;
    counter requests;          // heads that were complete and well-formed
    counter refusals;          // requests answered with an error before a handler saw them
    counter handler_failures;  // handlers that threw
    counter timeouts;          // deadlines that fired: header, content, handler, write
};

class connection_host {
 public:
    // Bytes of answers collected before they are sent: one write for the answers of one read.
    static constexpr std::size_t scratch_bytes = 64 * 1024;

    connection_host(reactor& home, application app, const server_options& options, worker_counters& counters)
        : home_(home), app_(app), options_(options), counters_(counters) {
        scratch_.prepare(scratch_bytes);
    }
    connection_host(const connection_host&) = delete;
    connection_host& operator=(const connection_host&) = delete;

    reactor& home() const noexcept { return home_; }
    const application& app() const noexcept { return app_; }
    const server_options& options() const noexcept { return options_; }
    worker_counters& counters() const noexcept { return counters_; }

    bool is_draining() const noexcept { return is_draining_; }
    void set_draining() noexcept { is_draining_ = true; }
    // Draining, and who has not asked by now is not waited for.
    bool closes_idle() const noexcept { return closes_idle_; }
    void set_closes_idle() noexcept { closes_idle_ = true; }

    // Where the connection whose turn it is collects its answers; empty between turns.
    byte_buffer& scratch() noexcept { return scratch_; }

    // The Date field's value now (RFC 9110, 6.6.1), formatted once a second.
    std::string_view date() noexcept {
        const http::unix_seconds second = http::to_unix_seconds(home_.wall_now());
        if (second != date_second_) {
            http::write_date(date_, second);
            date_second_ = second;
        }
        return {date_, http::date_bytes};
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

 private:
    reactor& home_;
    application app_;
    const server_options& options_;
    worker_counters& counters_;
    byte_buffer scratch_;
    http::unix_seconds date_second_ = -1;
    char date_[http::date_bytes] = {};
    bool is_draining_ = false;
    bool closes_idle_ = false;
};

}  // namespace eventcore
