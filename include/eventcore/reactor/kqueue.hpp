// The reactor's backend on macOS and the BSDs: kqueue(2).
//
// A connection is registered once, EVFILT_READ and EVFILT_WRITE with EV_CLEAR, which reports edges. Listeners
// are registered without it, so that what is left over comes back next turn.
#pragma once

#include "eventcore/base/config.hpp"

#if EVENTCORE_HAS_KQUEUE

#include <sys/event.h>
#include <sys/time.h>
#include <sys/types.h>

#include <cerrno>
#include <cstdint>

#include "eventcore/base/clock.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/base/unique_fd.hpp"
#include "eventcore/reactor/operation.hpp"
#include "eventcore/reactor/wakeup.hpp"

namespace eventcore::detail {

class kqueue_backend {
 public:
    open_failure open(const reactor_options&) noexcept;
    void close(gone_handles&) noexcept {}

    result<> watch(io_handle& h) noexcept {
        struct kevent changes[2];
        describe(changes[0], h, EVFILT_READ, EV_ADD | EV_CLEAR);
        describe(changes[1], h, EVFILT_WRITE, EV_ADD | EV_CLEAR);
        return apply(h, changes, 2, armed_stream);
    }
    void want_write(io_handle&) noexcept {}
    // close(2) ends the registration by itself.
    bool remove(io_handle& h) noexcept {
        if (h.closing != closing_fd) forget(h);
        h.armed = 0;
        return true;
    }

    result<> listen(accept_handle& h) noexcept {
        if (h.armed) return {};
        struct kevent change;
        describe(change, h, EVFILT_READ, EV_ADD);
        return apply(h, &change, 1, armed_listener);
    }
    void stop_listening(accept_handle& h) noexcept { remove(h); }

    bool is_removing() const noexcept { return false; }
    bool submit(file_operation&) noexcept { return false; }
    void cancel(file_operation&) noexcept {}
    void wait_for(file_operation&) noexcept {}

    void wait(duration timeout) noexcept {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
        // Some systems refuse more than a few years; waking once a day changes nothing.
        timespec limit{seconds_max, 0};
        if (seconds.count() < seconds_max)
            limit = {static_cast<time_t>(seconds.count()), static_cast<long>((timeout - seconds).count())};
        const int count = ::kevent(kqueue_.get(), nullptr, 0, events_, events_count_max,
                                   timeout == (duration::max)() ? nullptr : &limit);
        count_ = count > 0 ? count : 0;  // EINTR: no news this time
    }
    void dispatch(gone_handles&) noexcept {
        for (int i = 0; i < count_; ++i)
            if (events_[i].udata) hand_out(*reinterpret_cast<io_handle*>(events_[i].udata), events_[i]);
        count_ = 0;
    }
    void wake() noexcept;

 private:
    static constexpr int events_count_max = 512;
    static constexpr time_t seconds_max = 86400;
    static constexpr std::uint8_t armed_stream = 1, armed_listener = 2;  // io_handle::armed

    // udata is a pointer on some systems and an integer on others.
    static void describe(struct kevent& change, io_handle& h, short filter, unsigned flags) noexcept {
        change = {};
        change.ident = static_cast<decltype(change.ident)>(h.fd);
        change.filter = static_cast<decltype(change.filter)>(filter);
        change.flags = static_cast<decltype(change.flags)>(flags);
        change.udata = (decltype(change.udata))(&h);
    }
    result<> apply(io_handle& h, const struct kevent* changes, int count, std::uint8_t as) noexcept {
        while (::kevent(kqueue_.get(), changes, count, nullptr, 0, nullptr) != 0)
            if (errno != EINTR) return system_error(errno);
        h.armed = as;
        return {};
    }
    void forget(io_handle& h) noexcept {
        struct kevent change;
        if (!h.armed) return;
        describe(change, h, EVFILT_READ, EV_DELETE);
        (void)apply(h, &change, 1, h.armed);
        if (h.armed != armed_stream) return;
        describe(change, h, EVFILT_WRITE, EV_DELETE);
        (void)apply(h, &change, 1, h.armed);
    }
    void hand_out(io_handle& h, const struct kevent& event) noexcept;

    unique_fd kqueue_;
    wakeup wakeup_;  // where there is no EVFILT_USER
    int count_ = 0;  // how many of events_ the last wait() filled
    struct kevent events_[events_count_max];
};

// Not armed any more: it was closed or paused after the kernel had reported this.
inline void kqueue_backend::hand_out(io_handle& h, const struct kevent& event) noexcept {
    if (h.armed == armed_listener) {
        auto& listener = static_cast<accept_handle&>(h);
        const io_result failed = accept_pending(listener);
        if (failed.ok()) return;
        remove(h);
        listener.on_accept(listener, failed);
    } else if (h.armed == armed_stream) {
        std::uint8_t bits = event.filter == EVFILT_WRITE ? readiness::writable : readiness::readable;
        // For writing it means that the peer takes nothing more: the connection is broken for both
        // directions.
        if (event.flags & (EV_EOF | EV_ERROR)) bits |= readiness::readable | readiness::hung_up;
        // With the end of file comes the error of the socket, when it has one.
        if ((event.flags & EV_ERROR) || ((event.flags & EV_EOF) && event.fflags != 0))
            bits |= readiness::broken;
        deliver(h, bits);
    }
}

#if defined(EVFILT_USER)

inline open_failure kqueue_backend::open(const reactor_options&) noexcept {
    kqueue_ = unique_fd(::kqueue());
    if (!kqueue_) return {"kqueue", errno};
    ::fcntl(kqueue_.get(), F_SETFD, FD_CLOEXEC);
    struct kevent change{};
    change.filter = EVFILT_USER;  // ident 0, udata null
    change.flags = EV_ADD | EV_CLEAR;
    if (::kevent(kqueue_.get(), &change, 1, nullptr, 0, nullptr) != 0) return {"kevent", errno};
    return {};
}
inline void kqueue_backend::wake() noexcept {
    struct kevent change{};
    change.filter = EVFILT_USER;
    change.fflags = NOTE_TRIGGER;
    while (::kevent(kqueue_.get(), &change, 1, nullptr, 0, nullptr) != 0 && errno == EINTR) continue;
}

#else

inline open_failure kqueue_backend::open(const reactor_options&) noexcept {
    kqueue_ = unique_fd(::kqueue());
    if (!kqueue_) return {"kqueue", errno};
    ::fcntl(kqueue_.get(), F_SETFD, FD_CLOEXEC);
    if (const int failed = wakeup_.open()) return {"pipe", failed};
    struct kevent change{};
    change.ident = static_cast<decltype(change.ident)>(wakeup_.fd());
    change.filter = EVFILT_READ;
    change.flags = EV_ADD | EV_CLEAR;
    if (::kevent(kqueue_.get(), &change, 1, nullptr, 0, nullptr) != 0) return {"kevent", errno};
    return {};
}
inline void kqueue_backend::wake() noexcept { wakeup_.signal(); }

#endif

}  // namespace eventcore::detail

#endif
