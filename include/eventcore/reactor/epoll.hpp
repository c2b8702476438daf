// The reactor's backend on Linux without io_uring: epoll(7), edge-triggered.
//
// A connection is registered once, for reading, writing and hang-up together: the edge for writing costs
// nothing until a send has failed. Listeners are level-triggered, so that what is left over comes back next
// turn.
#pragma once

#include "eventcore/base/config.hpp"

#if EVENTCORE_HAS_EPOLL

#include <sys/epoll.h>

#include <cerrno>
#include <climits>
#include <cstdint>

#include "eventcore/base/clock.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/base/unique_fd.hpp"
#include "eventcore/reactor/operation.hpp"
#include "eventcore/reactor/wakeup.hpp"

namespace eventcore::detail {

class epoll_backend {
 public:
    open_failure open(const reactor_options&) noexcept {
        epoll_ = unique_fd(::epoll_create1(EPOLL_CLOEXEC));
        if (!epoll_) return {"epoll_create1", errno};
        if (const int failed = wakeup_.open()) return {"eventfd", failed};
        epoll_event event{EPOLLIN | EPOLLET, {}};  // null: the wakeup
        if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wakeup_.fd(), &event) != 0) return {"epoll_ctl", errno};
        return {};
    }
    void close(gone_handles&) noexcept {}

    result<> watch(io_handle& h) noexcept {
        return add(h, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, armed_stream);
    }
    void want_write(io_handle&) noexcept {}
    // Taken out by hand: close(2) alone leaves the registration alive while a forked child holds the socket.
    bool remove(io_handle& h) noexcept {
        if (h.armed) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, h.fd, nullptr);
        h.armed = 0;
        return true;
    }

    result<> listen(accept_handle& h) noexcept {
        return h.armed ? result<>() : add(h, EPOLLIN, armed_listener);
    }
    void stop_listening(accept_handle& h) noexcept { remove(h); }

    bool is_removing() const noexcept { return false; }
    bool submit(file_operation&) noexcept { return false; }
    void cancel(file_operation&) noexcept {}
    void wait_for(file_operation&) noexcept {}

    void wait(duration timeout) noexcept {
        const int count = ::epoll_wait(epoll_.get(), events_, events_count_max, milliseconds_of(timeout));
        count_ = count > 0 ? count : 0;  // EINTR: no news this time
    }
    void dispatch(gone_handles&) noexcept {
        for (int i = 0; i < count_; ++i)
            if (events_[i].data.ptr)
                hand_out(*static_cast<io_handle*>(events_[i].data.ptr), events_[i].events);
        count_ = 0;
    }
    void wake() noexcept { wakeup_.signal(); }

 private:
    static constexpr int events_count_max = 512;
    static constexpr std::uint8_t armed_stream = 1, armed_listener = 2;  // io_handle::armed

    result<> add(io_handle& h, std::uint32_t events, std::uint8_t as) noexcept {
        epoll_event event{events, {}};
        event.data.ptr = &h;
        if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, h.fd, &event) != 0) return system_error(errno);
        h.armed = as;
        return {};
    }

    // Not armed any more: it was closed or paused after the kernel had reported this.
    void hand_out(io_handle& h, std::uint32_t events) noexcept {
        if (h.armed == armed_listener) {
            auto& listener = static_cast<accept_handle&>(h);
            const io_result failed = accept_pending(listener);
            if (failed.ok()) return;
            remove(h);
            listener.on_accept(listener, failed);
        } else if (h.armed == armed_stream) {
            std::uint8_t bits = 0;
            if (events & EPOLLIN) bits |= readiness::readable;
            if (events & EPOLLOUT) bits |= readiness::writable;
            if (events & EPOLLRDHUP) bits |= readiness::readable | readiness::hung_up;
            if (events & (EPOLLERR | EPOLLHUP))
                bits |= readiness::readable | readiness::writable | readiness::hung_up | readiness::broken;
            deliver(h, bits);
        }
    }

    // Rounded up: waking early would only turn the loop once more for nothing.
    static int milliseconds_of(duration timeout) noexcept {
        if (timeout == (duration::max)()) return -1;
        const auto whole = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
        return whole < INT_MAX ? static_cast<int>(whole) : INT_MAX;
    }

    unique_fd epoll_;
    wakeup wakeup_;
    int count_ = 0;  // how many of events_ the last wait() filled
    epoll_event events_[events_count_max];
};

}  // namespace eventcore::detail

#endif
