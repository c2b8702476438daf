// kqueue(2) over epoll(7), as much of it as EventCore's kqueue backend uses, so that the backend and
// everything above it run in our Linux tests. Never shipped. Semantics follow the FreeBSD and macOS manual
// pages: EVFILT_READ, EVFILT_WRITE and EVFILT_USER; EV_ADD, EV_DELETE, EV_ENABLE, EV_DISABLE, EV_CLEAR,
// EV_ONESHOT; `data` is what can be read (1 for a listener) or written; EV_EOF; errors are returned, not
// reported as events.
//
// Both filters of a descriptor share one epoll registration, so an EV_CLEAR filter may report once more what
// it has reported already when its sibling fires. A kernel may do that too (any wake-up of the socket), and
// nothing above may rely on the contrary.
#pragma once

#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

inline constexpr short EVFILT_READ = -1;
inline constexpr short EVFILT_WRITE = -2;
inline constexpr short EVFILT_USER = -11;
#define EVFILT_USER EVFILT_USER  // programs ask with #ifdef whether it exists

inline constexpr unsigned short EV_ADD = 0x0001;
inline constexpr unsigned short EV_DELETE = 0x0002;
inline constexpr unsigned short EV_ENABLE = 0x0004;
inline constexpr unsigned short EV_DISABLE = 0x0008;
inline constexpr unsigned short EV_ONESHOT = 0x0010;
inline constexpr unsigned short EV_CLEAR = 0x0020;
inline constexpr unsigned short EV_ERROR = 0x4000;
inline constexpr unsigned short EV_EOF = 0x8000;
inline constexpr unsigned NOTE_TRIGGER = 0x01000000;

struct kevent {
    std::uintptr_t ident;
    short filter;
    unsigned short flags;
    unsigned fflags;
    std::intptr_t data;
    void* udata;
};

namespace kqueue_shim {

using event = struct ::kevent;

class queue {
 public:
    explicit queue(int epoll) : epoll_(epoll), user_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
        epoll_event wanted{EPOLLIN, {}};
        wanted.data.fd = user_;
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, user_, &wanted);
    }
    queue(const queue&) = delete;
    queue& operator=(const queue&) = delete;
    ~queue() { ::close(user_); }

    // 0 or an errno.
    int apply(const event& change) {
        const std::lock_guard lock(mutex_);
        return change.filter == EVFILT_USER ? apply_to_user(change) : apply_to_descriptor(change);
    }

    // The number of events, or -errno.
    int wait(event* events, int capacity, const timespec* timeout) {
        const auto wanted = static_cast<std::size_t>(std::max(1, capacity / 2));  // one of epoll's may be two
        thread_local std::vector<epoll_event> reported;  // kept: tests count allocations above it
        reported.resize(std::max(reported.size(), wanted));
        const int count =
            ::epoll_wait(epoll_, reported.data(), static_cast<int>(wanted), milliseconds(timeout));
        if (count < 0) return -errno;
        const std::lock_guard lock(mutex_);
        int filled = 0;
        for (int i = 0; i < count; ++i) {
            const epoll_event& one = reported[static_cast<std::size_t>(i)];
            if (one.data.fd == user_)
                filled += report_user(events + filled, capacity - filled);
            else
                filled += report_descriptor(one.data.fd, one.events, events + filled, capacity - filled);
        }
        return filled;
    }

 private:
    struct knote {
        unsigned short flags = 0;
        void* udata = nullptr;
        bool enabled = false;
        bool triggered = false;  // EVFILT_USER
        bool exists() const { return flags & EV_ADD; }
    };
    struct descriptor {
        knote read, write;
    };

    static int milliseconds(const timespec* timeout) {
        if (!timeout) return -1;
        const auto whole =
            static_cast<long long>(timeout->tv_sec) * 1000 + (timeout->tv_nsec + 999'999) / 1'000'000;
        return static_cast<int>(std::min<long long>(whole, 1'000'000'000));
    }

    static int change_knote(knote& k, const event& change) {
        if (change.flags & EV_DELETE) {
            if (!k.exists()) return ENOENT;
            k = {};
            return 0;
        }
        if (change.flags & EV_ADD) {
            k.flags = change.flags;
            k.udata = change.udata;
            k.enabled = true;
        }
        if (!k.exists()) return ENOENT;
        if (change.flags & EV_ENABLE) k.enabled = true;
        if (change.flags & EV_DISABLE) k.enabled = false;
        return 0;
    }

    int apply_to_user(const event& change) {
        knote& k = users_[change.ident];
        const bool nothing_but_trigger = !(change.flags & (EV_ADD | EV_DELETE | EV_ENABLE | EV_DISABLE));
        if (!nothing_but_trigger || !k.exists())
            if (const int failed = change_knote(k, change)) return failed;
        if (change.fflags & NOTE_TRIGGER) {
            k.triggered = true;
            const std::uint64_t one = 1;
            (void)!::write(user_, &one, sizeof one);
        }
        return 0;
    }

    int apply_to_descriptor(const event& change) {
        const int fd = static_cast<int>(change.ident);
        // A descriptor that was closed has lost its registration, and its knotes with it.
        if (descriptors_.count(fd) && !is_registered(fd)) descriptors_.erase(fd);
        const bool is_new = descriptors_.count(fd) == 0;
        if (is_new && !(change.flags & EV_ADD)) return ENOENT;
        descriptor& d = descriptors_[fd];
        if (const int failed = change_knote(change.filter == EVFILT_READ ? d.read : d.write, change))
            return failed;
        if (!d.read.exists() && !d.write.exists()) {
            descriptors_.erase(fd);
            return ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr) == 0 ? 0 : errno;
        }
        epoll_event wanted = interest(fd, d);
        if (::epoll_ctl(epoll_, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &wanted) == 0) return 0;
        const int failed = errno;
        if (is_new) descriptors_.erase(fd);
        return failed;
    }

    bool is_registered(int fd) {
        epoll_event same = interest(fd, descriptors_[fd]);
        return ::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &same) == 0;
    }
    static epoll_event interest(int fd, const descriptor& d) {
        epoll_event wanted{0, {}};
        wanted.data.fd = fd;
        if (d.read.exists() && d.read.enabled) wanted.events |= EPOLLIN | EPOLLRDHUP;
        if (d.write.exists() && d.write.enabled) wanted.events |= EPOLLOUT;
        const bool all_clear = (!d.read.exists() || (d.read.flags & EV_CLEAR)) &&
                               (!d.write.exists() || (d.write.flags & EV_CLEAR));
        if (all_clear) wanted.events |= EPOLLET;
        return wanted;
    }

    int report_user(event* events, int capacity) {
        std::uint64_t count = 0;
        (void)!::read(user_, &count, sizeof count);
        int filled = 0;
        for (auto& [ident, k] : users_) {
            if (!k.triggered || !k.enabled || filled == capacity) continue;
            events[filled++] = {ident, EVFILT_USER, k.flags, 0, 0, k.udata};
            if (k.flags & (EV_CLEAR | EV_ONESHOT)) k.triggered = false;
            if (k.flags & EV_ONESHOT) k = {};
        }
        return filled;
    }

    int report_descriptor(int fd, std::uint32_t reported, event* events, int capacity) {
        const auto found = descriptors_.find(fd);
        if (found == descriptors_.end()) return 0;
        descriptor& d = found->second;
        int filled = 0;
        const bool broken = reported & (EPOLLERR | EPOLLHUP);
        const unsigned error = reported & EPOLLERR ? ECONNRESET : 0;
        const auto ident = static_cast<std::uintptr_t>(fd);
        if (d.read.exists() && d.read.enabled && (broken || (reported & (EPOLLIN | EPOLLRDHUP)))) {
            const bool end = broken || (reported & EPOLLRDHUP);
            const auto flags = static_cast<unsigned short>(d.read.flags | (end ? EV_EOF : 0));
            if (filled < capacity)
                events[filled++] = {ident, EVFILT_READ, flags, error, readable_bytes(fd), d.read.udata};
            if (d.read.flags & EV_ONESHOT) d.read = {};
        }
        if (d.write.exists() && d.write.enabled && (broken || (reported & EPOLLOUT))) {
            const auto flags = static_cast<unsigned short>(d.write.flags | (broken ? EV_EOF : 0));
            if (filled < capacity)
                events[filled++] = {ident, EVFILT_WRITE, flags, error, writable_bytes(fd), d.write.udata};
            if (d.write.flags & EV_ONESHOT) d.write = {};
        }
        return filled;
    }

    static std::intptr_t readable_bytes(int fd) {
        int listening = 0;
        socklen_t size = sizeof listening;
        if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening) return 1;
        int bytes = 0;
        return ::ioctl(fd, FIONREAD, &bytes) == 0 ? bytes : 0;
    }
    static std::intptr_t writable_bytes(int fd) {
        int capacity = 0, queued = 0;
        socklen_t size = sizeof capacity;
        if (::getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &capacity, &size) != 0) return 1;
        if (::ioctl(fd, SIOCOUTQ, &queued) != 0) return capacity;
        return std::max(0, capacity - queued);
    }

    const int epoll_;  // belongs to the program: it is the descriptor kqueue() returned
    const int user_;
    std::mutex mutex_;
    std::map<int, descriptor> descriptors_;
    std::map<std::uintptr_t, knote> users_;
};

// A queue whose descriptor the program has closed stays here until its number is used again.
inline std::mutex registry_mutex;
inline std::map<int, std::shared_ptr<queue>> registry;

inline std::shared_ptr<queue> find(int kq) {
    const std::lock_guard lock(registry_mutex);
    const auto found = registry.find(kq);
    return found == registry.end() ? nullptr : found->second;
}

}  // namespace kqueue_shim

inline int kqueue() {
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) return -1;
    auto made = std::make_shared<kqueue_shim::queue>(epoll);
    const std::lock_guard lock(kqueue_shim::registry_mutex);
    kqueue_shim::registry[epoll] = std::move(made);
    return epoll;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"  // a function and a struct of one name, as kqueue(2) has it
inline int kevent(int kq, const struct kevent* changes, int change_count, struct kevent* events, int capacity,
                  const timespec* timeout) {
    const std::shared_ptr<kqueue_shim::queue> queue = kqueue_shim::find(kq);
    int outcome = queue ? 0 : -EBADF;
    for (int i = 0; i < change_count && outcome == 0; ++i) outcome = -queue->apply(changes[i]);
    if (outcome == 0 && capacity > 0) outcome = queue->wait(events, capacity, timeout);
    if (outcome >= 0) return outcome;
    errno = -outcome;
    return -1;
}
#pragma GCC diagnostic pop
