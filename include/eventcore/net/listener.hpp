// Accepting connections on an address: TCP over IPv4 and IPv6, Unix-domain sockets, or a socket somebody
// handed over (socket(7), tcp(7), unix(7)).
//
//   net::listener door(home, &connected, this);
//   if (!door.open(where, options)) log.error(door.failure());   // "cannot listen on 127.0.0.1:80: …"
//   door.start();
//
// When descriptors run out, a listener neither spins nor lets clients hang: with a descriptor kept in
// reserve it accepts and closes who is waiting, then rests for a moment.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__linux__)
#include <linux/filter.h>
#endif

#include <cstdint>
#include <string>
#include <utility>

#include "eventcore/base/result.hpp"
#include "eventcore/base/unique_fd.hpp"
#include "eventcore/net/address.hpp"
#include "eventcore/net/tcp_socket.hpp"
#include "eventcore/observe/counter.hpp"
#include "eventcore/observe/log.hpp"
#include "eventcore/reactor/file_calls.hpp"
#include "eventcore/reactor/reactor.hpp"

namespace eventcore::net {

struct listen_options {
    int backlog = 4096;          // connections the kernel keeps for us; it may allow fewer
    bool dual_stack = true;      // an IPv6 listener takes IPv4 as well
    bool reuse_port = false;     // several sockets on one address, one per worker; they are closed together
    bool first_of_group = true;  // with reuse_port: somebody else listening there already is an error
    unsigned unix_mode = 0;      // permissions of the socket file, such as 0660; 0: what the umask leaves
    tcp_options tcp{};           // for the connections
    // Counted up for each connection that is closed because descriptors ran out; outlives the listener.
    counter* turned_away = nullptr;
};

struct listener_counters {
    std::uint64_t accepted = 0;
    std::uint64_t turned_away = 0;  // accepted and closed because descriptors ran out
    std::uint64_t failures = 0;     // times accepting failed and paused
};

class listener {
 public:
    // Owns the socket: non-blocking, close-on-exec, options set. Never called from within a call of the
    // listener but accept_pending().
    using connected_function = void (*)(void* owner, unique_fd socket) noexcept;

    listener(reactor& home, connected_function connected, void* owner, logger log = logger()) noexcept
        : state_(new state(home, connected, owner, log)) {}
    listener(listener&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
    listener& operator=(listener&&) = delete;
    ~listener() { close(); }

    // Binds and listens; connections queue in the kernel until start(). On failure failure() has it in words.
    // Once per listener, or adopt().
    result<> open(const address& where, const listen_options& options = {});
    // Takes a socket that is bound and listens already, as systemd or another worker hands over.
    result<> adopt(unique_fd listening, const listen_options& options = {});
    const std::string& failure() const noexcept { return state_->failure; }

    // From now on, or again after pause(), `connected` is called for each connection. Home thread.
    result<> start() noexcept;
    // Connections stay in the kernel's queue, but for a few that may be on their way already.
    void pause() noexcept;
    bool is_paused() const noexcept { return !state_ || !state_->wants_connections; }
    // Hands over what the kernel has queued, now. For the end: pause every listener of a reuse_port group,
    // let each do this, then close them all; a listener that is closed earlier resets what is in its queue.
    void accept_pending() noexcept;
    // A hint that descriptors are free again after they had run out.
    void descriptor_freed() noexcept;
    // No more connections; the socket closes, and the file of a Unix-domain socket that open() made is
    // removed.
    void close() noexcept;

    // For a process that ends while the next one listens on the same address already (reuse_port): new
    // connections go to that one. `members`: how many sockets of this process there are on the address; they
    // were there first. Nothing happens when there is no other, or the kernel is not Linux.
    void leave_group(unsigned members) noexcept;
    // From now on nobody can connect here; who tries will try again, and then meets somebody else (Linux).
    // With leave_group() a while before, close() loses no connection.
    void turn_off() noexcept;

    // Where it listens: with the port the kernel chose for port 0.
    address local_address() const noexcept;
    int fd() const noexcept { return state_ ? state_->fd : -1; }
    listener_counters counters() const noexcept { return state_ ? state_->counters : listener_counters{}; }

 private:
    static constexpr duration rest = std::chrono::milliseconds(100);
    static constexpr int turned_away_at_once = 256;

    // What the kernel knows; outlives the listener until the kernel has let go.
    struct state : accept_handle, timer {
        state(reactor& r, connected_function c, void* o, logger l) noexcept
            : accept_handle(&accepted, &notified), timer(&rested), home(&r), connected(c), owner(o), log(l) {}

        reactor* home;
        connected_function connected;
        void* owner;
        logger log;
        tcp_options tcp;
        counter* turned_away = nullptr;
        unique_fd reserve;
        std::string failure;
        std::string unix_path;  // to remove at the end; empty when not ours
        std::uint64_t unix_device = 0, unix_inode = 0;
        listener_counters counters;
        bool wants_connections = false;
        bool is_closed = false;
        bool has_left_group = false;
    };

    static void accepted(accept_handle& handle, io_result fd) noexcept;
    static void notified(io_handle& handle, std::uint8_t news) noexcept;
    static void rested(timer& t) noexcept;
    static void hand_over(state& s, int fd) noexcept;
    static void accept_failed(state& s, io_result error) noexcept;
    static void turn_away(state& s) noexcept;
    static void listen_again(state& s) noexcept;

    result<> fail(const address& where, const char* step, std::error_code error);
    result<unique_fd> bound_socket(const address& where, const listen_options& options);
    result<> bind_unix(int fd, const address& where, unsigned mode);
    bool is_stale(const address& where) noexcept;

    state* state_;
};

namespace detail {

#if defined(SO_REUSEPORT_LB)
inline constexpr int reuse_port_option = SO_REUSEPORT_LB;  // FreeBSD: the one that spreads connections
#else
inline constexpr int reuse_port_option = SO_REUSEPORT;
#endif

#if defined(__linux__)
inline constexpr bool accepted_inherits_options = true;
#else
inline constexpr bool accepted_inherits_options = false;
#endif

inline unique_fd open_reserve() {
    const io_result opened =
        file_calls::open(AT_FDCWD, "/dev/null", O_RDONLY, 0, file_calls::resolve::anywhere);
    return unique_fd(opened.ok() ? static_cast<int>(opened.bytes()) : -1);
}

}  // namespace detail

// ---- definitions: opening ----

inline result<> listener::fail(const address& where, const char* step, std::error_code error) {
    state_->failure = "cannot listen on " + where.to_string() + ": " + step + ": " + error.message();
    return error;
}

inline result<> listener::open(const address& where, const listen_options& options) {
    EVENTCORE_ASSERT(state_->fd < 0, "a listener is opened once");
    reactor& home = *state_->home;
    if (!where.is_set()) return fail(where, "address", errc::invalid_argument);
    if (options.reuse_port && options.first_of_group && where.is_ip() && where.port() != 0) {
        listen_options alone = options;  // with SO_REUSEPORT two programs would share the port without a word
        alone.reuse_port = false;
        const result<unique_fd> probe = bound_socket(where, alone);
        if (!probe) return probe.error();
    }
    result<unique_fd> bound = bound_socket(where, options);
    const bool no_ipv6 = !bound && bound.error() == system_error(EAFNOSUPPORT);
    if (no_ipv6 && where.is_ipv6() && where.is_any() && options.dual_stack)
        return open(address::any_ipv4(where.port()), options);
    if (!bound) return bound.error();
    const io_result listening = home.listen_socket(bound->get(), options.backlog);
    if (!listening.ok()) return fail(where, "listen", listening.error());
    return adopt(std::move(*bound), options);
}

inline result<unique_fd> listener::bound_socket(const address& where, const listen_options& options) {
    reactor& home = *state_->home;
    const io_result opened = home.open_socket(where.family(), SOCK_STREAM);
    if (!opened.ok()) return fail(where, "socket", opened.error()).error();
    unique_fd socket(static_cast<int>(opened.bytes()));
    if (where.is_unix()) {
        const result<> bound = bind_unix(socket.get(), where, options.unix_mode);
        return bound ? result<unique_fd>(std::move(socket)) : bound.error();
    }
    io_result set = home.set_socket_option(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    if (set.ok() && options.reuse_port)
        set = home.set_socket_option(socket.get(), SOL_SOCKET, detail::reuse_port_option, 1);
    if (set.ok() && where.is_ipv6())
        set = home.set_socket_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, options.dual_stack ? 0 : 1);
    if (!set.ok()) return fail(where, "setsockopt", set.error()).error();
    const io_result bound = home.bind_socket(socket.get(), where.data(), where.size());
    if (!bound.ok()) return fail(where, "bind", bound.error()).error();
    return socket;
}

inline result<> listener::bind_unix(int fd, const address& where, unsigned mode) {
    reactor& home = *state_->home;
    const std::string path(where.unix_name());
    io_result bound = home.bind_socket(fd, where.data(), where.size());
    if (bound.error_number() == EADDRINUSE && !where.is_abstract() && is_stale(where)) {
        ::unlink(path.c_str());
        bound = home.bind_socket(fd, where.data(), where.size());
    }
    if (!bound.ok()) return fail(where, "bind", bound.error());
    if (where.is_abstract()) return {};
    struct stat file{};
    if (::lstat(path.c_str(), &file) != 0) return fail(where, "lstat", system_error(errno));
    state_->unix_path = path;
    state_->unix_device = static_cast<std::uint64_t>(file.st_dev);
    state_->unix_inode = static_cast<std::uint64_t>(file.st_ino);
    // Nobody can connect before listen(), so the permissions are in place in time.
    if (mode != 0 && ::chmod(path.c_str(), static_cast<mode_t>(mode)) != 0)
        return fail(where, "chmod", system_error(errno));
    return {};
}

// A socket file nobody listens on, left behind by a program that was killed.
inline bool listener::is_stale(const address& where) noexcept {
    reactor& home = *state_->home;
    const std::string path(where.unix_name());
    struct stat file{};
    if (::lstat(path.c_str(), &file) != 0 || !S_ISSOCK(file.st_mode)) return false;
    const io_result opened = home.open_socket(AF_UNIX, SOCK_STREAM);
    if (!opened.ok()) return false;
    const unique_fd probe(static_cast<int>(opened.bytes()));
    return home.connect_socket(probe.get(), where.data(), where.size()).error_number() == ECONNREFUSED;
}

inline result<> listener::adopt(unique_fd listening, const listen_options& options) {
    EVENTCORE_ASSERT(state_->fd < 0, "a listener is opened once");
    const io_result ours = state_->home->adopt_socket(listening.get());
    if (!ours.ok()) return fail(address(), "fcntl", ours.error());
    // Linux hands these on to every accepted connection.
    const result<> set = set_tcp_options(*state_->home, listening.get(), options.tcp);
    if (!set) return fail(address(), "setsockopt", set.error());
    state_->tcp = options.tcp;
    state_->turned_away = options.turned_away;
    state_->reserve = detail::open_reserve();
    state_->fd = listening.release();
    return {};
}

inline address listener::local_address() const noexcept {
    if (!state_) return address();
    sockaddr_storage kernel{};
    socklen_t bytes = sizeof kernel;
    auto* at = reinterpret_cast<sockaddr*>(&kernel);
    return state_->home->local_address(state_->fd, at, bytes).ok() ? address::from(at, bytes) : address();
}

// ---- definitions: accepting ----

inline result<> listener::start() noexcept {
    EVENTCORE_ASSERT(state_->fd >= 0, "a listener is opened before it is started");
    if (std::exchange(state_->wants_connections, true) || state_->is_armed()) return {};
    const result<> listening = state_->home->listen(*state_);
    if (!listening) state_->wants_connections = false;
    return listening;
}

inline void listener::pause() noexcept {
    if (!state_) return;
    if (!std::exchange(state_->wants_connections, false) || state_->is_armed()) return;
    state_->home->stop_listening(*state_);
}

inline void listener::accept_pending() noexcept {
    if (!state_) return;
    state& s = *state_;  // the owner may close, even destroy, this listener meanwhile
    while (s.fd >= 0 && !s.is_closed) {
        const io_result fd = s.home->accept_socket(s.fd);
        if (fd.ok())
            hand_over(s, static_cast<int>(fd.bytes()));
        else if (!socket_calls::concerns_one_connection(fd.error_number()))
            return;
    }
}

#if defined(__linux__)
// What a program of the socket filter returns is the index of the socket in the order of listening; one that
// does not exist means that the kernel chooses as always (SO_ATTACH_REUSEPORT_CBPF in socket(7)).
inline void listener::leave_group(unsigned members) noexcept {
    if (!state_) return;
    sock_filter to_next[] = {{BPF_RET | BPF_K, 0, 0, members}};
    const sock_fprog program{1, to_next};
    state_->home->set_socket_option(state_->fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program,
                                    sizeof program);
}
// Drops packets with SYN, so that nobody new enters the queue while it is emptied for the last time.
inline void listener::turn_off() noexcept {
    if (!state_) return;
    sock_filter no_syn[] = {{BPF_LD | BPF_B | BPF_ABS, 0, 0, 13},  // the octet of the TCP flags
                            {BPF_JMP | BPF_JSET | BPF_K, 0, 1, 0x02},
                            {BPF_RET | BPF_K, 0, 0, 0},
                            {BPF_RET | BPF_K, 0, 0, 0xffffffff}};
    const sock_fprog program{4, no_syn};
    state_->home->set_socket_option(state_->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}
#else
inline void listener::leave_group(unsigned) noexcept {}
inline void listener::turn_off() noexcept {}
#endif

inline void listener::descriptor_freed() noexcept {
    if (!state_ || !state_->is_armed()) return;
    state_->home->disarm(*state_);
    listen_again(*state_);
}

inline void listener::close() noexcept {
    state* closing = std::exchange(state_, nullptr);
    if (!closing) return;
    closing->is_closed = true;
    closing->wants_connections = false;
    closing->home->disarm(*closing);
#if defined(__linux__)
    // An index that led to one socket of the next process must not stay behind.
    if (closing->has_left_group)
        closing->home->set_socket_option(closing->fd, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, 0);
#endif
    struct stat file{};
    const bool still_ours = !closing->unix_path.empty() && ::lstat(closing->unix_path.c_str(), &file) == 0 &&
                            static_cast<std::uint64_t>(file.st_dev) == closing->unix_device &&
                            static_cast<std::uint64_t>(file.st_ino) == closing->unix_inode;
    if (still_ours) ::unlink(closing->unix_path.c_str());
    if (closing->fd < 0)
        delete closing;
    else
        closing->home->close(*closing);
}

inline void listener::accepted(accept_handle& handle, io_result fd) noexcept {
    auto& s = static_cast<state&>(handle);
    if (!fd.ok()) return accept_failed(s, fd);
    if (s.is_closed)
        s.home->close_socket(static_cast<int>(fd.bytes()));
    else
        hand_over(s, static_cast<int>(fd.bytes()));
}

// The owner may pause or close the listener inside; the state lives on at least until the end of the turn.
inline void listener::hand_over(state& s, int fd) noexcept {
    ++s.counters.accepted;
    if constexpr (!detail::accepted_inherits_options) (void)set_tcp_options(*s.home, fd, s.tcp);
    s.connected(s.owner, unique_fd(fd));
}

inline void listener::accept_failed(state& s, io_result error) noexcept {
    if (s.is_closed) return;
    if (socket_calls::concerns_one_connection(error.error_number())) return listen_again(s);
    ++s.counters.failures;
    const std::uint64_t before = s.counters.turned_away;
    turn_away(s);
    s.log.warning("accepting failed, pausing",
                  {{"reason", error.error().message()}, {"turned_away", s.counters.turned_away - before}});
    s.home->arm(s, s.home->now() + rest);
}

// Gives the reserve up for a moment, so that who is waiting sees a close rather than silence.
inline void listener::turn_away(state& s) noexcept {
    s.reserve.reset();
    for (int i = 0; i < turned_away_at_once; ++i) {
        const io_result fd = s.home->accept_socket(s.fd);
        if (!fd.ok()) break;
        s.home->close_socket(static_cast<int>(fd.bytes()));
        ++s.counters.turned_away;
        if (s.turned_away) s.turned_away->add();
    }
    s.reserve = detail::open_reserve();
}

inline void listener::rested(timer& t) noexcept { listen_again(static_cast<state&>(t)); }

inline void listener::listen_again(state& s) noexcept {
    if (!s.wants_connections) return;
    if (!s.reserve) s.reserve = detail::open_reserve();
    const result<> listening = s.home->listen(s);
    if (!listening) s.home->arm(s, s.home->now() + rest);
}

inline void listener::notified(io_handle& handle, std::uint8_t news) noexcept {
    if (news & readiness::gone) delete static_cast<state*>(&handle);
}

}  // namespace eventcore::net
