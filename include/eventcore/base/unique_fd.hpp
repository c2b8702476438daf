// A file descriptor that closes itself.
#pragma once

#include <unistd.h>

#include <utility>

namespace eventcore {

namespace detail {

// Numbers from here on are no descriptors of the kernel, which stops far below: they belong to the simulation
// that runs on this thread (reactor/simulated_kernel.hpp), and after its end to nobody.
inline constexpr int first_simulated_fd = 1 << 30;
using close_function = int (*)(int fd) noexcept;
inline constinit thread_local close_function close_simulated = nullptr;

// close(2), or what stands for it.
inline int close_descriptor(int fd) noexcept {
    if (fd < first_simulated_fd) return ::close(fd);
    return close_simulated ? close_simulated(fd) : 0;
}

}  // namespace detail

class unique_fd {
 public:
    unique_fd() noexcept = default;
    explicit unique_fd(int fd) noexcept : fd_(fd) {}
    unique_fd(unique_fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    unique_fd& operator=(unique_fd&& other) noexcept {
        if (this != &other) reset(std::exchange(other.fd_, -1));
        return *this;
    }
    ~unique_fd() { reset(); }

    int get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
    // close(2) is not repeated on EINTR: on Linux and the BSDs the descriptor is gone either way.
    void reset(int fd = -1) noexcept {
        if (fd_ >= 0) static_cast<void>(detail::close_descriptor(fd_));
        fd_ = fd;
    }

 private:
    int fd_ = -1;
};

}  // namespace eventcore
