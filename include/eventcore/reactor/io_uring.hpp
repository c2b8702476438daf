// The reactor's backend on Linux 6.1 and later: io_uring(7), through liburing.
//
// Sockets are polled (multishot, which reports edges) and then read and written by plain system calls;
// accepting and files are true completions. One ring per thread with SINGLE_ISSUER and DEFER_TASKRUN: the
// kernel does its part only when this thread waits. What the ring is asked for goes out with the next wait,
// in order.
//
// A completion names its target in user_data: the address of the handle or operation, and in the low three
// bits what was asked of it. close(2) does not end a poll and sends no FIN while one is armed, so a handle is
// closed when the last of its completions (the one without F_MORE) has arrived.
#pragma once

#include "eventcore/base/config.hpp"

#if EVENTCORE_HAS_IO_URING

#include <liburing.h>
#include <poll.h>

#include <cerrno>
#include <cstdint>

#include "eventcore/base/assert.hpp"
#include "eventcore/base/clock.hpp"
#include "eventcore/base/plain_vector.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/reactor/io_uring_setup.hpp"
#include "eventcore/reactor/operation.hpp"
#include "eventcore/reactor/wakeup.hpp"

namespace eventcore::detail {

class io_uring_backend {
 public:
    io_uring_backend() noexcept = default;
    io_uring_backend(const io_uring_backend&) = delete;
    io_uring_backend& operator=(const io_uring_backend&) = delete;
    ~io_uring_backend() { exit_ring(); }

    // Really tried, under whatever seccomp filter is in force: a first ring must complete a NOP. The ring
    // that stays is set up disabled, so that it can be bound to another thread than this one.
    open_failure open(const reactor_options& options) noexcept;
    void close(gone_handles& gone) noexcept;

    result<> watch(io_handle& h) noexcept;
    void want_write(io_handle& h) noexcept;
    bool remove(io_handle& h) noexcept;
    result<> listen(accept_handle& h) noexcept;
    void stop_listening(accept_handle& h) noexcept;
    bool is_removing() const noexcept { return removing_ != 0; }

    bool submit(file_operation& op) noexcept;
    void cancel(file_operation& op) noexcept { cancel_request(tagged(op, tag::file)); }
    void wait_for(file_operation& op) noexcept;

    void wait(duration timeout) noexcept;
    void dispatch(gone_handles& gone) noexcept;
    void wake() noexcept { wakeup_.signal(); }

 private:
    enum class tag : std::uint64_t { ignored, poll_in, poll_out, accept, file, wakeup };
    struct completion {
        std::uint64_t user_data;
        std::int32_t result;
        std::uint32_t flags;
    };
    static constexpr std::uint64_t tag_mask = 7;

    // io_handle::armed. in_kernel: final completions still to come.
    static constexpr std::uint8_t poll_in = 1, poll_out = 2, accepting = 4,
                                  in_kernel = poll_in | poll_out | accepting;
    static constexpr std::uint8_t wants_accept = 8;    // its user wants connections
    static constexpr std::uint8_t accept_ending = 16;  // the accept in the kernel has been cancelled

    template <class T>
    static std::uint64_t tagged(T& target, tag t) noexcept {
        static_assert(alignof(T) > tag_mask, "eventcore: the low bits of the address carry the tag");
        return reinterpret_cast<std::uintptr_t>(&target) | static_cast<std::uint64_t>(t);
    }
    template <class T>
    static T& target_of(const completion& c) noexcept {
        return *reinterpret_cast<T*>(static_cast<std::uintptr_t>(c.user_data & ~tag_mask));
    }
    static tag tag_of(const completion& c) noexcept { return static_cast<tag>(c.user_data & tag_mask); }
    static void set(io_handle& h, int bits) noexcept { h.armed = static_cast<std::uint8_t>(h.armed | bits); }
    static void unset(io_handle& h, int bits) noexcept {
        h.armed = static_cast<std::uint8_t>(h.armed & ~bits);
    }

    void bind_to_this_thread() noexcept;
    void exit_ring() noexcept;
    io_uring_sqe* next_request() noexcept;
    bool arm_poll(std::uint64_t user_data, int fd, unsigned events, bool multishot) noexcept;
    bool arm_accept(accept_handle& h) noexcept;
    void cancel_request(std::uint64_t user_data) noexcept;

    bool next_in_ring(completion& c) noexcept;
    bool next_completion(completion& c) noexcept;
    void put_aside() noexcept;
    void hand_out(const completion& c, gone_handles& gone) noexcept;
    void polled(io_handle& h, const completion& c, std::uint8_t which, gone_handles& gone) noexcept;
    void accepted(accept_handle& h, const completion& c, gone_handles& gone) noexcept;
    void finished(file_operation& op, std::int32_t result) noexcept;
    void ended(io_handle& h, gone_handles& gone) noexcept;

    io_uring ring_{};
    bool is_open_ = false;
    bool ending_ = false;       // being destroyed: nothing is armed again or told
    std::uint64_t home_ = 0;    // number of the thread the ring is bound to; 0: of none yet
    std::size_t removing_ = 0;  // handles whose final completions are awaited
    std::size_t files_in_flight_ = 0;
    wakeup wakeup_;
    // Taken out while one operation was waited for; older than those in the ring. Next: aside_[aside_next_].
    plain_vector<completion> aside_;
    std::size_t aside_next_ = 0;
};

inline open_failure io_uring_backend::open(const reactor_options& options) noexcept {
    if (const open_failure failed = uring::probe()) return failed;
    const int failed =
        uring::set_up(ring_, options.submission_entries, options.completion_entries, IORING_SETUP_R_DISABLED);
    if (failed) return {"io_uring_setup", failed};
    is_open_ = true;
    if (const int no_wakeup = wakeup_.open()) {
        exit_ring();
        return {"eventfd", no_wakeup};
    }
    arm_poll(static_cast<std::uint64_t>(tag::wakeup), wakeup_.fd(), POLLIN, true);
    return {};
}

// The kernel takes requests for a SINGLE_ISSUER ring from one task only: the one that enables it.
inline void io_uring_backend::bind_to_this_thread() noexcept {
    if (home_ == uring::this_thread()) return;
    EVENTCORE_ASSERT(home_ == 0, "a reactor was used on another thread than its home");
    home_ = uring::this_thread();
    const bool enabled = uring::enable(ring_);
    EVENTCORE_ASSERT(enabled, "a new ring could not be enabled");
    (void)io_uring_register_ring_fd(&ring_);  // spares a look-up per call; may be refused
}

// Destroyed on another thread than its home, the home has ended, and the kernel ended its requests with it.
inline void io_uring_backend::close(gone_handles& gone) noexcept {
    if (!is_open_) return;
    ending_ = true;
    if (home_ == 0) bind_to_this_thread();
    const bool at_home = home_ == uring::this_thread();
    if (at_home && (removing_ || files_in_flight_)) {
        io_uring_sqe* request = next_request();
        io_uring_prep_cancel64(request, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
        io_uring_sqe_set_data64(request, static_cast<std::uint64_t>(tag::ignored));
    }
    dispatch(gone);
    while (at_home && (removing_ || files_in_flight_)) {
        wait((duration::max)());
        dispatch(gone);
    }
    EVENTCORE_ASSERT(files_in_flight_ == 0, "a reactor with operations in flight outlived its home thread");
    exit_ring();
}

inline void io_uring_backend::exit_ring() noexcept {
    if (!is_open_) return;
    // The number of a registered ring means something to its own thread only; elsewhere it would name
    // another's.
    if (home_ != uring::this_thread()) ring_.enter_ring_fd = -1;
    io_uring_queue_exit(&ring_);
    is_open_ = false;
}

// ---- requests: they go to the kernel in this order, with the next wait or when the queue is full ----

// Null only when the ring is closed or misused.
inline io_uring_sqe* io_uring_backend::next_request() noexcept {
    while (is_open_) {
        if (io_uring_sqe* request = io_uring_get_sqe(&ring_)) return request;
        bind_to_this_thread();
        const int submitted = io_uring_submit(&ring_);
        if (submitted == -EBUSY) {  // the kernel holds completions back for which the ring has no room
            put_aside();
            (void)io_uring_get_events(&ring_);
        } else if (submitted < 0 && submitted != -EAGAIN && submitted != -EINTR) {
            return nullptr;
        }
    }
    return nullptr;
}

inline bool io_uring_backend::arm_poll(std::uint64_t user_data, int fd, unsigned events,
                                       bool multishot) noexcept {
    io_uring_sqe* request = next_request();
    if (!request) return false;
    if (multishot)
        io_uring_prep_poll_multishot(request, fd, events);
    else
        io_uring_prep_poll_add(request, fd, events);
    io_uring_sqe_set_data64(request, user_data);
    return true;
}

inline bool io_uring_backend::arm_accept(accept_handle& h) noexcept {
    io_uring_sqe* request = next_request();
    if (!request) return false;
    io_uring_prep_multishot_accept(request, h.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    io_uring_sqe_set_data64(request, tagged(h, tag::accept));
    set(h, accepting);
    return true;
}

// Not POLL_REMOVE, which does nothing when the poll is just firing. That it found nothing is no news either:
// the completion it came too late for is there already.
inline void io_uring_backend::cancel_request(std::uint64_t user_data) noexcept {
    io_uring_sqe* request = next_request();
    if (!request) return;
    io_uring_prep_cancel64(request, user_data, 0);
    request->flags |= IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(request, static_cast<std::uint64_t>(tag::ignored));
}

inline result<> io_uring_backend::watch(io_handle& h) noexcept {
    if (!arm_poll(tagged(h, tag::poll_in), h.fd, POLLIN | POLLRDHUP, true)) return system_error(ENOBUFS);
    set(h, poll_in);
    return {};
}
inline void io_uring_backend::want_write(io_handle& h) noexcept {
    if (h.armed & poll_out) return;
    if (arm_poll(tagged(h, tag::poll_out), h.fd, POLLOUT, false)) set(h, poll_out);
}
inline bool io_uring_backend::remove(io_handle& h) noexcept {
    if (!is_open_ || !(h.armed & in_kernel)) {
        h.armed = 0;
        return true;
    }
    if (h.armed & poll_in) cancel_request(tagged(h, tag::poll_in));
    if (h.armed & poll_out) cancel_request(tagged(h, tag::poll_out));
    if ((h.armed & accepting) && !(h.armed & accept_ending)) cancel_request(tagged(h, tag::accept));
    ++removing_;
    return false;
}

inline result<> io_uring_backend::listen(accept_handle& h) noexcept {
    set(h, wants_accept);
    if (h.armed & accepting) return {};  // if that one is being cancelled, its end arms the next
    if (arm_accept(h)) return {};
    return system_error(ENOBUFS);
}
inline void io_uring_backend::stop_listening(accept_handle& h) noexcept {
    unset(h, wants_accept);
    if (!(h.armed & accepting) || (h.armed & accept_ending)) return;
    cancel_request(tagged(h, tag::accept));
    set(h, accept_ending);
}

inline bool io_uring_backend::submit(file_operation& op) noexcept {
    io_uring_sqe* request = next_request();
    if (!request) return false;
    switch (op.kind) {
        case file_operation::kind_type::read:
            io_uring_prep_read(request, op.fd, op.buffer, op.length, op.offset);
            break;
        case file_operation::kind_type::write:
            io_uring_prep_write(request, op.fd, op.buffer, op.length, op.offset);
            break;
        case file_operation::kind_type::sync: io_uring_prep_fsync(request, op.fd, 0); break;
        case file_operation::kind_type::sync_data:
            io_uring_prep_fsync(request, op.fd, IORING_FSYNC_DATASYNC);
            break;
    }
    io_uring_sqe_set_data64(request, tagged(op, tag::file));
    op.in_flight = true;
    ++files_in_flight_;
    return true;
}

// ---- completions ----

inline void io_uring_backend::wait(duration timeout) noexcept {
    bind_to_this_thread();
    // What fails here (EINTR, ETIME, EBUSY, EAGAIN) is put right by taking completions and coming again.
    if (timeout <= duration::zero() || aside_next_ < aside_.size()) {
        (void)io_uring_submit_and_get_events(&ring_);
    } else if (timeout == (duration::max)()) {
        (void)io_uring_submit_and_wait(&ring_, 1);
    } else {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
        __kernel_timespec limit{seconds.count(), (timeout - seconds).count()};
        io_uring_cqe* first = nullptr;
        (void)io_uring_submit_and_wait_timeout(&ring_, &first, 1, &limit, nullptr);
    }
}

// As many as are there now: what is handed out may bring more.
inline void io_uring_backend::dispatch(gone_handles& gone) noexcept {
    std::size_t count = aside_.size() - aside_next_ + io_uring_cq_ready(&ring_);
    for (completion c{}; count > 0 && next_completion(c); --count) hand_out(c, gone);
}

inline bool io_uring_backend::next_in_ring(completion& c) noexcept {
    io_uring_cqe* entry = nullptr;
    unsigned head = 0;
    bool found = false;
    io_uring_for_each_cqe(&ring_, head, entry) {
        c = {entry->user_data, entry->res, entry->flags};
        found = true;
        break;
    }
    if (found) io_uring_cq_advance(&ring_, 1);
    return found;
}
inline bool io_uring_backend::next_completion(completion& c) noexcept {
    if (aside_next_ == aside_.size()) return next_in_ring(c);
    c = aside_[aside_next_++];
    if (aside_next_ == aside_.size()) aside_.clear(), aside_next_ = 0;
    return true;
}
inline void io_uring_backend::put_aside() noexcept {
    for (completion c{}; next_in_ring(c);) aside_.push_back(c);
}

// Everything else that arrives meanwhile is put aside, in order, for the next dispatch().
inline void io_uring_backend::wait_for(file_operation& op) noexcept {
    const std::uint64_t wanted = tagged(op, tag::file);
    for (;;) {
        put_aside();
        for (std::size_t i = aside_next_; i < aside_.size(); ++i) {
            if (aside_[i].user_data != wanted) continue;
            const std::int32_t result = aside_[i].result;
            aside_[i].user_data = static_cast<std::uint64_t>(tag::ignored);
            return finished(op, result);
        }
        bind_to_this_thread();
        (void)io_uring_submit_and_wait(&ring_, 1);
    }
}

inline void io_uring_backend::hand_out(const completion& c, gone_handles& gone) noexcept {
    switch (tag_of(c)) {
        case tag::ignored: return;
        case tag::poll_in: return polled(target_of<io_handle>(c), c, poll_in, gone);
        case tag::poll_out: return polled(target_of<io_handle>(c), c, poll_out, gone);
        case tag::accept: return accepted(target_of<accept_handle>(c), c, gone);
        case tag::file: return finished(target_of<file_operation>(c), c.result);
        case tag::wakeup:
            if (!(c.flags & IORING_CQE_F_MORE) && !ending_)
                arm_poll(static_cast<std::uint64_t>(tag::wakeup), wakeup_.fd(), POLLIN, true);
            return;
    }
}

inline void io_uring_backend::polled(io_handle& h, const completion& c, std::uint8_t which,
                                     gone_handles& gone) noexcept {
    const bool is_final = !(c.flags & IORING_CQE_F_MORE);
    if (is_final) unset(h, which);
    if (h.closing || ending_) return ended(h, gone);
    constexpr std::uint8_t broken =
        readiness::readable | readiness::writable | readiness::hung_up | readiness::broken;
    // A multishot poll that the kernel had to end (it ran out of memory for completions) goes on with a new
    // one.
    if (c.result < 0 || (is_final && which == poll_in && !watch(h))) return deliver(h, broken);
    std::uint8_t bits = 0;
    if (c.result & POLLIN) bits |= readiness::readable;
    if (c.result & POLLOUT) bits |= readiness::writable;
    if (c.result & POLLRDHUP) bits |= readiness::readable | readiness::hung_up;
    if (c.result & (POLLERR | POLLHUP)) bits |= broken;
    deliver(h, bits);
}

// Connections that were accepted before the accept was cancelled are still handed out, unless it is closed.
inline void io_uring_backend::accepted(accept_handle& h, const completion& c, gone_handles& gone) noexcept {
    const bool is_final = !(c.flags & IORING_CQE_F_MORE);
    if (is_final) unset(h, accepting | accept_ending);
    if (h.closing || ending_) {
        if (c.result >= 0) socket_calls::close(c.result);
        return ended(h, gone);
    }
    const bool is_failure =
        c.result < 0 && c.result != -ECANCELED && !socket_calls::concerns_one_connection(-c.result);
    if (is_failure && (h.armed & wants_accept)) {
        unset(h, wants_accept);
        return h.on_accept(h, io_result(c.result));
    }
    if (is_final && (h.armed & wants_accept)) arm_accept(h);
    if (c.result >= 0) h.on_accept(h, io_result(c.result));
}

inline void io_uring_backend::ended(io_handle& h, gone_handles& gone) noexcept {
    if (!h.closing || (h.armed & in_kernel)) return;
    h.armed = 0;
    --removing_;
    let_go(h, gone);
}

inline void io_uring_backend::finished(file_operation& op, std::int32_t result) noexcept {
    op.in_flight = false;
    --files_in_flight_;
    op.done(op, io_result(result));
}

}  // namespace eventcore::detail

#endif
