// One reactor per worker thread: a scheduler that also waits for the kernel, on io_uring, epoll or kqueue.
//
//   auto opened = ec::reactor::open({});            // picks a backend; reason() says why that one
//   (*opened)->post(first_work); (*opened)->run();  // until stop()
//
// Everything but post(), stop() and the plain questions about the backend belongs to one thread, the home:
// the one that first takes a turn. A reactor may be opened, and given its first handles, on another thread
// before that (the io_uring ring starts disabled and is enabled by the home, since the kernel binds it to
// that task).
//
// Sockets are called here and nowhere above, and this is the only reader of a clock; so a simulated kernel
// (simulated_kernel.hpp) can stand for both.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "eventcore/base/owned.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/coro/scheduler.hpp"
#include "eventcore/reactor/backend.hpp"
#include "eventcore/reactor/io.hpp"
#include "eventcore/reactor/operation.hpp"
#include "eventcore/reactor/simulated_kernel.hpp"
#include "eventcore/reactor/socket_calls.hpp"

namespace eventcore {

class reactor final : public scheduler {
 public:
    // An explicit kind that this machine or build does not have is an error; automatic takes the first of
    // io_uring, epoll, kqueue that works when really tried. The environment variable
    // EVENTCORE_REACTOR=io_uring|epoll|kqueue|auto wins over both.
    static result<owned<reactor>> open(const reactor_options& options = {}) {
        reactor_kind asked = options.kind;
        const char* from_environment = std::getenv("EVENTCORE_REACTOR");
        if (from_environment && *from_environment) {
            const result<reactor_kind> named = parse_reactor_kind(from_environment);
            if (!named) return named.error();
            asked = *named;
        } else {
            from_environment = nullptr;
        }
        owned<reactor> opened(new reactor);
        if (std::error_code failed = opened->kernel_.open(asked, options, opened->reason_)) return failed;
        if (asked != reactor_kind::automatic)
            opened->reason_ += from_environment ? ", chosen by EVENTCORE_REACTOR" : ", chosen by the options";
        opened->read_clocks();
        return opened;
    }

    // Over a kernel that a test made up, which must outlive the reactor. EVENTCORE_REACTOR says nothing here.
    static owned<reactor> open_simulated(simulated_kernel& kernel) {
        owned<reactor> opened(new reactor);
        opened->kernel_.open_simulated(kernel);
        opened->simulated_ = &kernel;
        opened->reason_ = "simulated: chosen by a test";
        opened->read_clocks();
        return opened;
    }

    // On the home thread, or anywhere once the home has ended. What is being closed is closed and told so;
    // file operations in flight are cancelled and waited for. Handles that are still registered must outlive
    // this.
    ~reactor() {
        kernel_.use([&](auto& b) { b.close(gone_); });
        while (!gone_.empty()) tell_gone();
    }

    reactor_kind kind() const noexcept { return kernel_.kind(); }
    std::string_view name() const noexcept { return to_string(kind()); }
    // Which backend and why: "io_uring: ring set up and a NOP completed",
    // "epoll: no io_uring (io_uring_setup: Operation not permitted)".
    std::string_view reason() const noexcept { return reason_; }

    // The reactor whose turn this thread is in.
    static reactor& current() noexcept {
        EVENTCORE_ASSERT(current_ != nullptr, "no reactor runs on this thread");
        return *current_;
    }

    // ---- the loop ----

    // Takes turns until stop(), then until what is being closed is closed. SIGPIPE is blocked on this thread
    // meanwhile, because sendfile(2) raises it.
    void run() noexcept;
    // One turn: waits for news, at most until `wait_until` (a signal may end it sooner), and hands it out.
    // For embedders and tests, who block or ignore SIGPIPE themselves.
    void turn(time_point wait_until) noexcept;
    // Any thread: run() returns after the turn in which it hears of it, or after its first if it comes later.
    void stop() noexcept {
        if (!stop_posted_.exchange(true, std::memory_order_acq_rel)) post(stop_item_);
    }

    // ---- readiness ----

    // From now on `h.notify` hears of edges of `h.fd`. Once per descriptor. A connecting socket: clear
    // `ready`, call connect_socket(), then watch() and want_write(). Without memory: ENOMEM.
    result<> watch(io_handle& h) noexcept {
        EVENTCORE_ASSERT(h.fd >= 0 && !h.closing, "watch() of a closed handle");
        if (!can_register_another()) return system_error(ENOMEM);
        const result<> watched = kernel_.use([&](auto& b) { return b.watch(h); });
        if (watched) ++registered_;
        return watched;
    }
    // After a send that would block or came back short: `writable` is news again when the socket takes bytes.
    void want_write(io_handle& h) noexcept {
        if (!h.closing && !h.is_ready(readiness::writable)) kernel_.use([&](auto& b) { b.want_write(h); });
    }
    // No more notices but one, `gone`, in this turn's end or a later one, never from within this call: then
    // the descriptor is closed and the handle may be freed. For listeners too.
    void close(io_handle& h) noexcept { remove(h, detail::closing_fd); }
    // As close(), but the descriptor stays open and belongs to the caller, who may use it after `gone`.
    void release(io_handle& h) noexcept { remove(h, detail::closing_kept); }

    // ---- accepting ----

    // Starts accepting, or goes on after stop_listening() or an error. A failure (EMFILE, …) reaches
    // `on_accept` once and accepting pauses until this is called again.
    result<> listen(accept_handle& h) noexcept {
        EVENTCORE_ASSERT(h.fd >= 0 && !h.closing, "listen() of a closed handle");
        if (!h.is_counted && !can_register_another()) return system_error(ENOMEM);
        if (!std::exchange(h.is_counted, true)) ++registered_;
        return kernel_.use([&](auto& b) { return b.listen(h); });
    }
    // Pauses. Connections the kernel has accepted already may still arrive.
    void stop_listening(accept_handle& h) noexcept {
        if (!h.closing) kernel_.use([&](auto& b) { b.stop_listening(h); });
    }

    // ---- sockets: calls that never block ----

    // Clears `readable` when the socket is drained: nothing was there, or less than asked for before the end.
    io_result receive(io_handle& h, void* to, std::size_t bytes) noexcept {
        const io_result got =
            simulated_ ? simulated_->receive(h.fd, to, bytes) : socket_calls::receive(h.fd, to, bytes);
        const bool drained = got.bytes() > 0 && got.bytes() < bytes && !h.is_ready(readiness::hung_up);
        if (drained || got.would_block()) clear(h, readiness::readable);
        return got;
    }
    // Clears `writable` when not everything was taken. `more`: further bytes follow soon (MSG_MORE).
    io_result send(io_handle& h, const iovec* parts, unsigned count, bool more = false) noexcept {
        const io_result sent = simulated_ ? simulated_->send(h.fd, parts, count, more)
                                          : socket_calls::send(h.fd, parts, count, more);
        if (sent.would_block() || (sent.ok() && is_short(sent, parts, count))) clear(h, readiness::writable);
        return sent;
    }
    // 0: the file ends at `offset`. A short count says nothing; only would_block() clears `writable`.
    io_result send_file(io_handle& h, int file, std::uint64_t offset, std::size_t bytes) noexcept {
        const io_result sent = simulated_ ? simulated_->send_file(h.fd, file, offset, bytes)
                                          : socket_calls::send_file(h.fd, file, offset, bytes);
        if (sent.would_block()) clear(h, readiness::writable);
        return sent;
    }
    io_result shutdown_write(io_handle& h) noexcept {
        return simulated_ ? simulated_->shutdown_write(h.fd) : socket_calls::shutdown_write(h.fd);
    }

    // Non-blocking and close-on-exec; socket_calls.hpp says more about each.
    io_result open_socket(int family, int type, int protocol = 0) noexcept {
        return simulated_ ? simulated_->open(family, type, protocol)
                          : socket_calls::open(family, type, protocol);
    }
    io_result bind_socket(int fd, const sockaddr* address, socklen_t bytes) noexcept {
        return simulated_ ? simulated_->bind(fd, address, bytes) : socket_calls::bind(fd, address, bytes);
    }
    io_result listen_socket(int fd, int backlog) noexcept {
        return simulated_ ? simulated_->listen(fd, backlog) : socket_calls::listen(fd, backlog);
    }
    io_result connect_socket(int fd, const sockaddr* address, socklen_t bytes) noexcept {
        return simulated_ ? simulated_->connect(fd, address, bytes)
                          : socket_calls::connect(fd, address, bytes);
    }
    io_result accept_socket(int listener) noexcept {
        return simulated_ ? simulated_->accept(listener) : socket_calls::accept(listener);
    }
    // Makes a descriptor that somebody hands over non-blocking and close-on-exec.
    io_result adopt_socket(int fd) noexcept { return simulated_ ? io_result(0) : socket_calls::adopt(fd); }
    io_result close_socket(int fd) noexcept { return socket_calls::close(fd); }
    io_result set_socket_option(int fd, int level, int name, const void* value, socklen_t bytes) noexcept {
        return simulated_ ? simulated_->set_option(fd, level, name, value, bytes)
                          : socket_calls::set_option(fd, level, name, value, bytes);
    }
    io_result set_socket_option(int fd, int level, int name, int value) noexcept {
        return simulated_ ? simulated_->set_option(fd, level, name, &value, sizeof value)
                          : socket_calls::set_option(fd, level, name, &value, sizeof value);
    }
    io_result socket_option(int fd, int level, int name, void* value, socklen_t& bytes) noexcept {
        return simulated_ ? simulated_->option(fd, level, name, value, bytes)
                          : socket_calls::option(fd, level, name, value, bytes);
    }
    // How a connect ended, or what broke the connection; 0 when nothing did. Reading it clears it.
    io_result socket_error(int fd) noexcept {
        return simulated_ ? simulated_->error(fd) : socket_calls::error(fd);
    }
    // Bytes sent that the peer has not taken yet; -EOPNOTSUPP where nobody can tell.
    io_result unsent_bytes(int fd) noexcept {
        return simulated_ ? simulated_->unsent(fd) : socket_calls::unsent(fd);
    }
    io_result local_address(int fd, sockaddr* address, socklen_t& bytes) noexcept {
        return simulated_ ? simulated_->local_address(fd, address, bytes)
                          : socket_calls::local_address(fd, address, bytes);
    }
    io_result peer_address(int fd, sockaddr* address, socklen_t& bytes) noexcept {
        return simulated_ ? simulated_->peer_address(fd, address, bytes)
                          : socket_calls::peer_address(fd, address, bytes);
    }

    // ---- files: operations that complete ----

    // True: done() will be called. False: this backend cannot (epoll, kqueue); use the blocking pool.
    [[nodiscard]] bool submit(file_operation& op) noexcept {
        return kernel_.use([&](auto& b) { return b.submit(op); });
    }
    // Asks the kernel to give up. done() still comes, when it no longer holds the buffer.
    void cancel(file_operation& op) noexcept {
        if (op.in_flight) kernel_.use([&](auto& b) { b.cancel(op); });
    }
    // Blocks until done() has been called; it is called from here. At once when nothing is in flight.
    void wait_for(file_operation& op) noexcept {
        if (op.in_flight) kernel_.use([&](auto& b) { b.wait_for(op); });
    }

 private:
    // Makes this the thread's reactor and scheduler.
    class running_here {
     public:
        explicit running_here(reactor& r) noexcept : outer_(current_), scheduler_(r) { current_ = &r; }
        ~running_here() { current_ = outer_; }
        running_here(const running_here&) = delete;
        running_here& operator=(const running_here&) = delete;

     private:
        reactor* outer_;
        scheduler::running scheduler_;
    };
    struct stop_request : inbox_item {
        explicit stop_request(reactor& r) noexcept : inbox_item(&arrived), owner(&r) {}
        static void arrived(inbox_item& item) noexcept {
            reactor& self = *static_cast<stop_request&>(item).owner;
            self.stop_posted_.store(false, std::memory_order_release);
            self.stopping_ = true;
        }
        reactor* owner;
    };

    reactor() noexcept : stop_item_(*this) {}

    void wake() noexcept override {
        kernel_.use([&](auto& b) { b.wake(); });
    }

    static void clear(io_handle& h, std::uint8_t bits) noexcept {
        h.ready = static_cast<std::uint8_t>(h.ready & ~bits);
    }
    static bool is_short(io_result sent, const iovec* parts, unsigned count) noexcept {
        std::size_t wanted = 0;
        for (unsigned i = 0; i < count; ++i) wanted += parts[i].iov_len;
        return sent.bytes() < wanted;
    }

    void read_clocks() noexcept;
    duration time_to_wait(time_point wait_until) noexcept;
    void take_turn(time_point wait_until) noexcept;
    // Every registered handle may be gone in one turn, and that must not need memory then.
    bool can_register_another() noexcept {
        if (registered_ < room_for_gone_) return true;
        const std::size_t more = 2 * room_for_gone_ + 256;
        if (!gone_.try_reserve(more) || !told_.try_reserve(more)) return false;
        room_for_gone_ = more;
        return true;
    }
    void remove(io_handle& h, std::uint8_t how) noexcept;
    void tell_gone() noexcept;

    inline static constinit thread_local reactor* current_ = nullptr;

    detail::any_backend kernel_;
    simulated_kernel* simulated_ = nullptr;  // asked instead of the kernel, for sockets and clocks
    detail::gone_handles gone_;              // to be told at the end of this turn
    detail::gone_handles told_;              // empty but while they are being told
    std::size_t registered_ = 0;             // handles whose `gone` is to come
    std::size_t room_for_gone_ = 0;
    std::string reason_;
    bool stopping_ = false;
    std::atomic<bool> stop_posted_{false};
    stop_request stop_item_;
};

inline void reactor::run() noexcept {
    const socket_calls::sigpipe_blocked guard;
    const running_here here(*this);
    do take_turn(no_deadline);
    while (!stopping_ || kernel_.use([](auto& b) { return b.is_removing(); }) || !gone_.empty());
    stopping_ = false;
}

inline void reactor::turn(time_point wait_until) noexcept {
    const running_here here(*this);
    take_turn(wait_until);
}

inline void reactor::read_clocks() noexcept {
    if (simulated_)
        set_now(simulated_->now(), simulated_->wall_now());
    else
        set_now(std::chrono::steady_clock::now(), std::chrono::system_clock::now());
}

// Zero: only look. The clock is read when a timer is to end the wait, since this turn may have taken long.
inline duration reactor::time_to_wait(time_point wait_until) noexcept {
    if (has_ready() || !gone_.empty()) return duration::zero();
    const time_point next = next_deadline();
    const time_point until = next < wait_until ? next : wait_until;
    if (until == no_deadline) return (duration::max)();
    const time_point now = simulated_ ? simulated_->now() : std::chrono::steady_clock::now();
    return until > now ? until - now : duration::zero();
}

inline void reactor::take_turn(time_point wait_until) noexcept {
    duration timeout = time_to_wait(wait_until);
    if (timeout > duration::zero() && !prepare_sleep()) timeout = duration::zero();
    if (timeout > duration::zero()) set_idle();
    kernel_.use([&](auto& b) { b.wait(timeout); });
    end_sleep();
    read_clocks();
    kernel_.use([&](auto& b) { b.dispatch(gone_); });
    run_turn();
    tell_gone();
}

inline void reactor::remove(io_handle& h, std::uint8_t how) noexcept {
    EVENTCORE_ASSERT(h.fd >= 0 && !h.closing, "a handle was closed twice");
    h.closing = how;
    if (kernel_.use([&](auto& b) { return b.remove(h); })) detail::let_go(h, gone_);
}

// The handle may be freed by its notice: it is not touched afterwards.
inline void reactor::tell_gone() noexcept {
    told_.swap(gone_);
    // Less than told: one whose watch() had failed was closed all the same.
    registered_ -= told_.size() < registered_ ? told_.size() : registered_;
    for (io_handle* h : told_) {
        h->closing = detail::closing_no;
        h->notify(*h, readiness::gone);
    }
    told_.clear();
}

}  // namespace eventcore
