// One simulated machine under a reactor: its clock, network, disk and threads, all driven by one seed.
#pragma once

#include <deque>
#include <vector>

#include "eventcore/reactor/simulated_kernel.hpp"
#include "eventcore/testing/disk.hpp"
#include "eventcore/testing/machine_parts.hpp"
#include "eventcore/testing/network.hpp"

namespace eventcore::testing {

// While it lives, paths and simulated descriptors used on its thread are its own.
class simulated_machine final : public simulated_kernel {
 public:
    explicit simulated_machine(std::uint64_t seed, const simulation_options& options = {})
        : parts_(seed, options), network_(parts_), disk_(parts_) {
        completes_files_ = parts_.random.below(2) == 0;
        forgets_late_ = parts_.random.below(2) == 0;
        enter();
    }

    machine_parts& parts() noexcept { return parts_; }
    const machine_parts& parts() const noexcept { return parts_; }
    simulated_network& network() noexcept { return network_; }
    simulated_disk& disk() noexcept { return disk_; }
    // Nothing will happen any more unless time passes for some other reason.
    bool is_quiet() const noexcept { return parts_.events.empty(); }
    void jump_wall_clock(duration by) noexcept { wall_offset_ += by; }

    // ---- clocks ----

    time_point now() const noexcept override { return parts_.now; }
    wall_time_point wall_now() const noexcept override {
        return parts_.options.date + (parts_.now - started_) + wall_offset_;
    }

    // ---- the backend ----

    void wait(duration timeout) noexcept override;
    void dispatch(eventcore::detail::gone_handles& gone) noexcept override;
    void close_backend(eventcore::detail::gone_handles& gone) noexcept override;
    result<> watch(io_handle& h) noexcept override { return network_.watch(h); }
    void want_write(io_handle& h) noexcept override { network_.want_write(h); }
    bool remove(io_handle& h) noexcept override;
    bool is_removing() const noexcept override { return !removing_.empty(); }
    result<> listen(accept_handle& h) noexcept override { return network_.listen(h); }
    void stop_listening(accept_handle& h) noexcept override { network_.stop_listening(h); }
    bool submit(file_operation& op) noexcept override;
    void cancel(file_operation& op) noexcept override;
    void wait_for(file_operation& op) noexcept override;

    // ---- jobs ----

    void call_later(simulated_call& call) noexcept override;
    void forget(simulated_call& call) noexcept override;
    std::size_t choose(std::size_t count) noexcept override { return parts_.random.below(count); }
    bool has_threads() noexcept override { return !parts_.random.chance(parts_.faults().no_thread); }

    // ---- sockets ----

    io_result receive(int fd, void* to, std::size_t bytes) noexcept override {
        return network_.receive(fd, to, bytes);
    }
    io_result send(int fd, const iovec* parts, unsigned count, bool) noexcept override {
        return network_.send(fd, parts, count);
    }
    io_result send_file(int fd, int file, std::uint64_t offset, std::size_t bytes) noexcept override;
    io_result shutdown_write(int fd) noexcept override { return network_.shutdown_write(fd); }
    io_result open(int family, int type, int) noexcept override { return network_.open(family, type); }
    io_result bind(int fd, const sockaddr* address, socklen_t bytes) noexcept override {
        return network_.bind(fd, net::address::from(address, bytes));
    }
    io_result listen(int fd, int backlog) noexcept override { return network_.listen(fd, backlog); }
    io_result connect(int fd, const sockaddr* address, socklen_t bytes) noexcept override {
        return network_.connect(fd, net::address::from(address, bytes));
    }
    io_result accept(int listener) noexcept override { return network_.accept(listener); }
    io_result close(int fd) noexcept override;
    io_result set_option(int fd, int level, int name, const void* value, socklen_t bytes) noexcept override {
        return network_.set_option(fd, level, name, value, bytes);
    }
    io_result option(int fd, int level, int name, void* value, socklen_t& bytes) noexcept override {
        return network_.option(fd, level, name, value, bytes);
    }
    io_result error(int fd) noexcept override { return network_.error(fd); }
    io_result unsent(int fd) noexcept override { return network_.unsent(fd); }
    io_result local_address(int fd, sockaddr* to, socklen_t& bytes) noexcept override {
        return copy_address(network_.local_address(fd), to, bytes);
    }
    io_result peer_address(int fd, sockaddr* to, socklen_t& bytes) noexcept override {
        return copy_address(network_.peer_address(fd), to, bytes);
    }

    // ---- files ----

    io_result open_file(int directory, const char* path, int flags, bool is_beneath,
                        bool is_cached) noexcept override {
        if (is_cached && parts_.random.below(2) == 0) return parts_.record("open", 0, -EAGAIN);
        return disk_.open(directory, path, flags, is_beneath);
    }
    io_result open_unnamed(int directory) noexcept override { return disk_.open_unnamed(directory); }
    io_result name_unnamed(int fd, int directory, const char* name) noexcept override {
        return disk_.name_unnamed(fd, directory, name);
    }
    io_result read(int fd, void* to, std::size_t bytes, std::uint64_t offset,
                   bool may_wait) noexcept override {
        if (!may_wait && parts_.random.below(2) == 0) return parts_.record("read", fd, -EAGAIN);
        return disk_.read(fd, to, bytes, offset);
    }
    io_result write(int fd, const void* from, std::size_t bytes, std::uint64_t offset) noexcept override {
        return disk_.write(fd, from, bytes, offset);
    }
    io_result sync(int fd) noexcept override { return disk_.sync(fd); }
    io_result rename(int from_directory, const char* from, int to_directory, const char* to,
                     bool may_replace) noexcept override {
        return disk_.rename(from_directory, from, to_directory, to, may_replace);
    }
    io_result unlink(int directory, const char* name) noexcept override {
        return disk_.unlink(directory, name);
    }
    io_result make_directory(int directory, const char* name) noexcept override {
        return disk_.make_directory(directory, name);
    }
    io_result status(int fd, struct stat& found) noexcept override { return disk_.status(fd, found); }

 private:
    struct submitted {
        file_operation* op;
        std::size_t number;
        bool is_cancelled;
    };
    struct planned {
        simulated_call* call;
        std::size_t number;
    };

    static simulated_machine& of(void* self) noexcept { return *static_cast<simulated_machine*>(self); }
    static void come_gone(void* self, std::size_t number, std::size_t);
    static void come_file(void* self, std::size_t number, std::size_t) { of(self).finish_file(number); }
    static void come_call(void* self, std::size_t number, std::size_t);
    static io_result copy_address(const net::address* from, sockaddr* to, socklen_t& bytes) noexcept;
    void finish_file(std::size_t number) noexcept;
    duration disk_time() noexcept {
        return parts_.random.between(std::chrono::microseconds(1), parts_.options.disk_latency_max);
    }

    machine_parts parts_;
    simulated_network network_;
    simulated_disk disk_;
    const time_point started_ = parts_.now;
    duration wall_offset_{};
    bool completes_files_;  // as io_uring does, or leaves them to the pool as epoll must
    bool forgets_late_;     // a handle that is closed is let go of in a later turn, as io_uring does
    std::size_t numbers_ = 0;
    std::vector<std::pair<io_handle*, std::size_t>> removing_;
    std::vector<submitted> files_;
    std::vector<planned> calls_;
    eventcore::detail::gone_handles* gone_ = nullptr;  // within dispatch()
};

// ---- definitions ----

// Time goes on to the next thing that happens; at times a little further, so that several things are news in
// one turn. A turn that only looks takes some time, too.
inline void simulated_machine::wait(duration timeout) noexcept {
    random_source& random = parts_.random;
    const fault_plan& faults = parts_.faults();
    const time_point end = timeout == (duration::max)() ? no_deadline : saturating_add(parts_.now, timeout);
    const time_point next = parts_.events.next();
    time_point until = parts_.now;
    if (timeout == duration::zero())
        until += random.between(duration(100), std::chrono::microseconds(5));
    else if (next < end)
        until = next + (random.below(4) == 0 ? random.between(duration(0), std::chrono::milliseconds(1))
                                             : duration(0));
    else if (end != no_deadline)
        until = end;
    if (timeout > duration::zero() && until > end) until = end;
    if (until > parts_.now) parts_.now = until;
    if (random.chance(faults.clock_jump)) {
        const duration hour = std::chrono::hours(1);
        wall_offset_ += random.between(-hour, hour);
    }
}

// What these events lead to comes in later turns.
inline void simulated_machine::dispatch(eventcore::detail::gone_handles& gone) noexcept {
    gone_ = &gone;
    std::vector<event_queue::event> due;
    while (parts_.events.next() <= parts_.now && !parts_.events.empty()) due.push_back(parts_.events.take());
    for (const event_queue::event& e : due) e.run(e.owner, e.who, e.value);
    if (parts_.random.chance(parts_.faults().spurious_news)) network_.tell_lies();
    gone_ = nullptr;
}

inline void simulated_machine::close_backend(eventcore::detail::gone_handles& gone) noexcept {
    while (!files_.empty()) finish_file(files_.back().number);
    for (const auto& [handle, number] : removing_) eventcore::detail::let_go(*handle, gone);
    removing_.clear();
}

inline bool simulated_machine::remove(io_handle& h) noexcept {
    network_.unwatch(h);
    if (!forgets_late_ || parts_.random.below(4) == 0) return true;
    removing_.emplace_back(&h, ++numbers_);
    const duration most = std::chrono::microseconds(100);
    parts_.events.add(parts_.now + parts_.random.between(duration(0), most), &come_gone, this, numbers_);
    return false;
}

inline void simulated_machine::come_gone(void* self, std::size_t number, std::size_t) {
    simulated_machine& m = of(self);
    for (std::size_t i = 0; i < m.removing_.size(); ++i) {
        if (m.removing_[i].second != number) continue;
        io_handle& h = *m.removing_[i].first;
        m.removing_.erase(m.removing_.begin() + static_cast<std::ptrdiff_t>(i));
        return eventcore::detail::let_go(h, *m.gone_);
    }
}

inline io_result simulated_machine::close(int fd) noexcept {
    const descriptor_table::entry found = parts_.descriptors.find(fd);
    if (found.kind == descriptor_table::kind_type::none) return parts_.record("close", fd, -EBADF);
    parts_.descriptors.close(fd);
    found.kind == descriptor_table::kind_type::socket ? network_.close(found.index)
                                                      : disk_.close(found.index);
    return io_result(0);
}

inline io_result simulated_machine::copy_address(const net::address* from, sockaddr* to,
                                                 socklen_t& bytes) noexcept {
    if (!from) return io_result(-ENOTCONN);
    const socklen_t copied = (std::min)(bytes, from->size());
    std::memcpy(to, from->data(), copied);
    bytes = from->size();
    return io_result(0);
}

// A real file that the program had open before is read for real.
inline io_result simulated_machine::send_file(int fd, int file, std::uint64_t offset,
                                              std::size_t bytes) noexcept {
    char piece[16 * 1024];
    const std::size_t most = (std::min)(bytes, sizeof piece);
    const io_result got =
        simulated_kernel::of_file(file)
            ? disk_.read(file, piece, most, offset)
            : retry_interrupted([&] { return ::pread(file, piece, most, static_cast<off_t>(offset)); });
    if (got.bytes() == 0) return got;
    const iovec part{piece, got.bytes()};
    return network_.send(fd, &part, 1);
}

// ---- definitions: files that complete ----

inline bool simulated_machine::submit(file_operation& op) noexcept {
    if (!completes_files_) return false;
    op.in_flight = true;
    files_.push_back({&op, ++numbers_, false});
    parts_.events.add(parts_.now + disk_time(), &come_file, this, numbers_);
    return true;
}

inline void simulated_machine::cancel(file_operation& op) noexcept {
    for (submitted& s : files_)
        if (s.op == &op) s.is_cancelled = parts_.random.below(2) == 0;  // else it was too late
}

inline void simulated_machine::wait_for(file_operation& op) noexcept {
    for (const submitted& s : files_)
        if (s.op == &op) return finish_file(s.number);
}

inline void simulated_machine::finish_file(std::size_t number) noexcept {
    std::size_t i = 0;
    while (i < files_.size() && files_[i].number != number) ++i;
    if (i == files_.size()) return;
    const submitted s = files_[i];
    files_.erase(files_.begin() + static_cast<std::ptrdiff_t>(i));
    file_operation& op = *s.op;
    io_result ended(-ECANCELED);
    if (!s.is_cancelled && op.kind == file_operation::kind_type::read)
        ended = disk_.read(op.fd, op.buffer, op.length, op.offset);
    else if (!s.is_cancelled && op.kind == file_operation::kind_type::write)
        ended = disk_.write(op.fd, op.buffer, op.length, op.offset);
    else if (!s.is_cancelled)
        ended = disk_.sync(op.fd);
    op.in_flight = false;
    op.done(op, ended);
}

// ---- definitions: jobs ----

inline void simulated_machine::call_later(simulated_call& call) noexcept {
    call.is_planned = true;
    calls_.push_back({&call, ++numbers_});
    parts_.events.add(parts_.now + disk_time(), &come_call, this, numbers_);
}

inline void simulated_machine::forget(simulated_call& call) noexcept {
    call.is_planned = false;
    std::erase_if(calls_, [&](const planned& p) { return p.call == &call; });
}

inline void simulated_machine::come_call(void* self, std::size_t number, std::size_t) {
    simulated_machine& m = of(self);
    for (std::size_t i = 0; i < m.calls_.size(); ++i) {
        if (m.calls_[i].number != number) continue;
        simulated_call& call = *m.calls_[i].call;
        m.forget(call);
        m.parts_.record("job", 0, 0);
        return call.run(call);
    }
}

}  // namespace eventcore::testing
