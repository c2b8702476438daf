// Loads a server, and takes the time of each answer.
//
// Without a rate each connection sends its next unit when the last has been answered: that finds what a
// server costs and how much it carries, but its latencies omit whoever would have come while the server was
// busy.
//
// With a rate, unit n is scheduled at begin + n / rate, on connection n mod connections, whatever the
// server does. Its latency counts from that instant, also when it could not be written because the
// connection was still busy, and units that were never answered count with the time they had waited at the
// end. So nothing is omitted.
#pragma once

#include <sys/epoll.h>
#include <cstdint>
#include <ctime>
#include <memory>
#include <vector>

#include "connection.hpp"
#include "histogram.hpp"
#include "process_time.hpp"

namespace generator {

inline std::int64_t now_ns() {
    timespec at{};
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * std::int64_t{1'000'000'000} + at.tv_nsec;
}

struct outcome {
    std::uint64_t requests = 0;
    std::uint64_t broken = 0;      // connections that ended with a unit under way
    std::uint64_t unanswered = 0;  // units, at the end of a schedule
    std::uint64_t received_bytes = 0;
    std::uint64_t sent_bytes = 0;
    double seconds = 0;
    process_time server;
    histogram latency;
    histogram lateness;  // of the generator itself: units written after their time on an idle connection
};

class load {
 public:
    explicit load(const options& o)
        : options_(o), unit_(o), poll_(epoll_create1(EPOLL_CLOEXEC)), connections_(o.connections) {
        connection::wait_for_end = o.close;
        if (!o.close)
            for (std::size_t i = 0; i < connections_.size(); ++i) connections_[i].open(o, opened_++, poll_);
    }

    std::unique_ptr<outcome> run() {
        const auto ns = [](double seconds) { return static_cast<std::int64_t>(seconds * 1e9); };
        if (options_.rate > 0) {
            interval_ns_ = 1e9 * static_cast<double>(options_.depth) / options_.rate;
            schedule_begin_ = now_ns();
        } else {
            for (connection& c : connections_) start(c, now_ns());
        }
        if (options_.requests == 0) turn_until(now_ns() + ns(options_.warm_up_seconds), 0);
        result_ = std::make_unique<outcome>();
        const std::uint64_t received = connection::received_bytes, sent = connection::sent_bytes;
        const process_time before = time_of(options_.watch);
        measured_from_ = now_ns();
        const std::uint64_t wanted = options_.requests;
        turn_until(wanted > 0 ? INT64_MAX : measured_from_ + ns(options_.seconds), wanted);
        const std::int64_t end = now_ns();
        result_->server = time_of(options_.watch) - before;
        result_->seconds = static_cast<double>(end - measured_from_) / 1e9;
        result_->received_bytes = connection::received_bytes - received;
        result_->sent_bytes = connection::sent_bytes - sent;
        count_unanswered(end);
        for (connection& c : connections_) c.close();
        return std::move(result_);
    }

 private:
    bool scheduled() const { return interval_ns_ > 0; }
    // When unit `number` of connection `index` is due.
    std::int64_t due_at(std::uint64_t number, std::size_t index) const {
        const auto n = static_cast<double>(number * connections_.size() + index);
        return schedule_begin_ + static_cast<std::int64_t>(n * interval_ns_);
    }

    void turn_until(std::int64_t end, std::uint64_t requests) {
        epoll_event events[256];
        const int patience_ms = options_.spin ? 0 : 1;
        for (std::int64_t now = now_ns(); now < end; now = now_ns()) {
            if (scheduled()) start_due(now);
            const int count = epoll_wait(poll_, events, 256, patience_ms);
            for (int i = 0; i < count; ++i)
                serve(*static_cast<connection*>(events[i].data.ptr), events[i].events);
            if (requests > 0 && result_->requests >= requests) return;
        }
    }
    void start_due(std::int64_t now) {
        while (true) {
            const std::size_t index = next_ % connections_.size();
            const std::int64_t when = due_at(next_ / connections_.size(), index);
            if (when > now) return;
            ++next_;
            connection& c = connections_[index];
            ++c.due;
            if (!c.idle()) continue;
            if (result_) result_->lateness.add(now - when);
            start(c, when);
        }
    }
    void start(connection& c, std::int64_t when) {
        if (!c.is_open()) c.open(options_, opened_++, poll_);
        c.start(unit_, when);
    }

    void serve(connection& c, std::uint32_t events) {
        if ((events & EPOLLOUT) != 0 && !c.idle()) c.push(unit_);
        std::size_t answers = 0;
        const connection::news what = c.pull(answers);
        const std::int64_t now = now_ns();
        if (answers > 0 && result_) {
            // A unit of before is the warm-up's.
            result_->requests += answers;
            if (c.since >= measured_from_ || scheduled())
                for (std::size_t i = 0; i < answers; ++i) result_->latency.add(now - c.since);
        }
        if (what == connection::news::ended) {
            c.close();
            if (!c.idle() && result_) ++result_->broken;
            if (!options_.close && !c.idle()) fail("the server closed a connection with a request under way");
        } else if (options_.close || !c.idle()) {
            return;
        }
        start_next(c, now);
    }
    void start_next(connection& c, std::int64_t now) {
        if (!scheduled())
            start(c, now);
        else if (c.started < c.due)
            start(c, due_at(c.started, static_cast<std::size_t>(&c - connections_.data())));
    }
    void count_unanswered(std::int64_t end) {
        if (!scheduled()) return;
        for (std::size_t i = 0; i < connections_.size(); ++i) {
            connection& c = connections_[i];
            if (!c.idle()) ++result_->unanswered, result_->latency.add(end - c.since);
            for (std::uint64_t n = c.started; n < c.due; ++n)
                ++result_->unanswered, result_->latency.add(end - due_at(n, i));
        }
    }

    const options& options_;
    unit unit_;
    int poll_;
    std::vector<connection> connections_;
    std::unique_ptr<outcome> result_;
    std::size_t opened_ = 0;
    std::int64_t measured_from_ = 0;
    std::int64_t schedule_begin_ = 0;
    double interval_ns_ = 0;
    std::uint64_t next_ = 0;
};

}  // namespace generator
