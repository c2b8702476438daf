// What a test must make up to stand for the kernel under a reactor: news, sockets, clocks, files, and the
// time at which a job of the pool runs. The seam only; testing/simulation.hpp is the simulation to use.
//
// It belongs to one thread. The reactor asks it through a pointer (reactor::open_simulated()). What has no
// reactor at hand, files and a descriptor that closes itself, asks the kernel that is current on its thread:
// descriptors of a simulation are told by their number, and a path belongs to it as long as it is current.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

#include "eventcore/base/clock.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/base/unique_fd.hpp"
#include "eventcore/reactor/io.hpp"
#include "eventcore/reactor/operation.hpp"

namespace eventcore {

// Something to run on the home thread at a virtual time that the simulation chooses.
struct simulated_call {
    using run_function = void (*)(simulated_call&) noexcept;
    explicit simulated_call(run_function f) noexcept : run(f) {}
    simulated_call(const simulated_call&) = delete;
    simulated_call& operator=(const simulated_call&) = delete;

    run_function run;
    bool is_planned = false;  // owned by the simulation
};

class simulated_kernel {
 public:
    simulated_kernel(const simulated_kernel&) = delete;
    simulated_kernel& operator=(const simulated_kernel&) = delete;

    // The one of this thread, or null.
    static simulated_kernel* current() noexcept { return current_; }
    // The one that answers for a file, or for a path below a directory; null: the real kernel does.
    static simulated_kernel* of_file(int fd) noexcept {
        return fd >= detail::first_simulated_fd ? current_ : nullptr;
    }
    static simulated_kernel* of_directory(int fd) noexcept {
        return fd == AT_FDCWD || fd >= detail::first_simulated_fd ? current_ : nullptr;
    }

    // ---- a backend: see detail::backend in backend.hpp ----
    virtual void close_backend(detail::gone_handles&) noexcept = 0;
    virtual result<> watch(io_handle&) noexcept = 0;
    virtual void want_write(io_handle&) noexcept = 0;
    virtual bool remove(io_handle&) noexcept = 0;
    virtual bool is_removing() const noexcept = 0;
    virtual result<> listen(accept_handle&) noexcept = 0;
    virtual void stop_listening(accept_handle&) noexcept = 0;
    virtual bool submit(file_operation&) noexcept = 0;
    virtual void cancel(file_operation&) noexcept = 0;
    virtual void wait_for(file_operation&) noexcept = 0;
    virtual void wait(duration timeout) noexcept = 0;
    virtual void dispatch(detail::gone_handles&) noexcept = 0;

    // ---- clocks ----
    virtual time_point now() const noexcept = 0;
    virtual wall_time_point wall_now() const noexcept = 0;

    // ---- jobs of an offload_pool ----
    virtual void call_later(simulated_call&) noexcept = 0;
    virtual void forget(simulated_call&) noexcept = 0;
    // One of 0 … count - 1; count is not 0.
    virtual std::size_t choose(std::size_t count) noexcept = 0;
    // Whether a thread can be had.
    virtual bool has_threads() noexcept = 0;

    // ---- sockets: as in socket_calls.hpp ----
    virtual io_result receive(int fd, void* to, std::size_t bytes) noexcept = 0;
    virtual io_result send(int fd, const iovec* parts, unsigned count, bool more) noexcept = 0;
    virtual io_result send_file(int fd, int file, std::uint64_t offset, std::size_t bytes) noexcept = 0;
    virtual io_result shutdown_write(int fd) noexcept = 0;
    virtual io_result open(int family, int type, int protocol) noexcept = 0;
    virtual io_result bind(int fd, const sockaddr* address, socklen_t bytes) noexcept = 0;
    virtual io_result listen(int fd, int backlog) noexcept = 0;
    virtual io_result connect(int fd, const sockaddr* address, socklen_t bytes) noexcept = 0;
    virtual io_result accept(int listener) noexcept = 0;
    virtual io_result close(int fd) noexcept = 0;
    virtual io_result set_option(int fd, int level, int name, const void* value, socklen_t) noexcept = 0;
    virtual io_result option(int fd, int level, int name, void* value, socklen_t& bytes) noexcept = 0;
    virtual io_result error(int fd) noexcept = 0;
    virtual io_result unsent(int fd) noexcept = 0;
    virtual io_result local_address(int fd, sockaddr* address, socklen_t& bytes) noexcept = 0;
    virtual io_result peer_address(int fd, sockaddr* address, socklen_t& bytes) noexcept = 0;

    // ---- files: as in file_calls.hpp ----
    virtual io_result open_file(int directory, const char* path, int flags, bool is_beneath,
                                bool is_cached) noexcept = 0;
    virtual io_result open_unnamed(int directory) noexcept = 0;
    virtual io_result name_unnamed(int fd, int directory, const char* name) noexcept = 0;
    virtual io_result read(int fd, void* to, std::size_t bytes, std::uint64_t offset,
                           bool may_wait) noexcept = 0;
    virtual io_result write(int fd, const void* from, std::size_t bytes, std::uint64_t offset) noexcept = 0;
    virtual io_result sync(int fd) noexcept = 0;
    virtual io_result rename(int from_directory, const char* from, int to_directory, const char* to,
                             bool may_replace) noexcept = 0;
    virtual io_result unlink(int directory, const char* name) noexcept = 0;
    virtual io_result make_directory(int directory, const char* name) noexcept = 0;
    virtual io_result status(int fd, struct stat& found) noexcept = 0;

 protected:
    simulated_kernel() noexcept = default;
    ~simulated_kernel() { leave(); }

    // From now on, until leave(), this thread's paths and simulated descriptors are this kernel's.
    void enter() noexcept {
        EVENTCORE_ASSERT(!current_, "a thread simulates one kernel at a time");
        current_ = this;
        detail::close_simulated = [](int fd) noexcept { return current_->close(fd).ok() ? 0 : -1; };
    }
    void leave() noexcept {
        if (current_ != this) return;
        current_ = nullptr;
        detail::close_simulated = nullptr;
    }

 private:
    inline static constinit thread_local simulated_kernel* current_ = nullptr;
};

namespace detail {

// The backend of a reactor over it. Nobody posts from another thread, so there is nothing to wake.
class simulated_backend {
 public:
    void open(simulated_kernel& kernel) noexcept { kernel_ = &kernel; }
    open_failure open(const reactor_options&) noexcept { return {"only a test can open it", 0}; }
    void close(gone_handles& gone) noexcept { kernel_->close_backend(gone); }
    result<> watch(io_handle& h) noexcept { return kernel_->watch(h); }
    void want_write(io_handle& h) noexcept { kernel_->want_write(h); }
    bool remove(io_handle& h) noexcept { return kernel_->remove(h); }
    bool is_removing() const noexcept { return kernel_->is_removing(); }
    result<> listen(accept_handle& h) noexcept { return kernel_->listen(h); }
    void stop_listening(accept_handle& h) noexcept { kernel_->stop_listening(h); }
    bool submit(file_operation& op) noexcept { return kernel_->submit(op); }
    void cancel(file_operation& op) noexcept { kernel_->cancel(op); }
    void wait_for(file_operation& op) noexcept { kernel_->wait_for(op); }
    void wait(duration timeout) noexcept { kernel_->wait(timeout); }
    void dispatch(gone_handles& gone) noexcept { kernel_->dispatch(gone); }
    void wake() noexcept {}

 private:
    simulated_kernel* kernel_ = nullptr;
};

}  // namespace detail

}  // namespace eventcore
