// Files that do not stop the reactor:
//
//   result<file> opened = co_await open_file_at(directory, "notes.txt", O_RDONLY);
//   result<std::size_t> n = co_await opened->read_at(buffer, 0);    // fewer than asked for: the end
//
// What is in memory is read at once. Otherwise the read, and every write and sync, is an io_uring
// completion, or on the other backends a job of the offload pool; so is what works on names. Without a pool
// it runs in place.
//
// A cancelled operation ends when the kernel no longer holds the buffer; one that was done by then counts as
// done.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "eventcore/base/clock.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/base/unique_fd.hpp"
#include "eventcore/coro/context.hpp"
#include "eventcore/coro/task.hpp"
#include "eventcore/reactor/file_calls.hpp"
#include "eventcore/reactor/offload.hpp"
#include "eventcore/reactor/operation.hpp"
#include "eventcore/reactor/reactor.hpp"

namespace eventcore {

struct file_info {
    std::uint64_t size_bytes = 0;
    wall_time_point modified{};
    std::uint64_t inode = 0;
    std::uint64_t device = 0;
    bool is_regular = false;
    bool is_directory = false;
};

class file {
 public:
    class transfer_operation;
    class sync_operation;

    file() noexcept = default;
    explicit file(unique_fd fd) noexcept : fd_(std::move(fd)) {}

    bool is_open() const noexcept { return static_cast<bool>(fd_); }
    explicit operator bool() const noexcept { return is_open(); }
    int fd() const noexcept { return fd_.get(); }

    // Both yield result<std::size_t>. A read gives fewer bytes than there is room for only at the end of the
    // file; a write writes everything or fails. The memory is the kernel's until the result is there.
    [[nodiscard]] transfer_operation read_at(std::span<char> to, std::uint64_t offset) const noexcept;
    [[nodiscard]] transfer_operation write_at(std::string_view from, std::uint64_t offset) const noexcept;
    // Waits until what was written is on the disk. Yields result<>.
    [[nodiscard]] sync_operation sync() const noexcept;

    // Of an open file this is in memory, so it does not wait.
    result<file_info> info() const noexcept;
    void close() noexcept { fd_.reset(); }
    // Gives up the descriptor: for a response that sends the file, say.
    [[nodiscard]] unique_fd release() noexcept { return std::move(fd_); }

 private:
    unique_fd fd_;
};

// As openat2(2), below `directory` (AT_FDCWD: the current one). With resolve::beneath nothing leads out of
// it. What is in the kernel's cache is opened at once.
template <only_if_used = nullptr>
task<result<file>> open_file_at(int directory, std::string path, int flags, unsigned mode = 0666,
                                file_calls::resolve how = file_calls::resolve::anywhere);
template <only_if_used = nullptr>
task<result<>> rename_at(int from_directory, std::string from, int to_directory, std::string to);
template <only_if_used = nullptr>
task<result<>> unlink_at(int directory, std::string name);
template <only_if_used = nullptr>
task<result<>> make_directory_at(int directory, std::string name, unsigned mode = 0777);

namespace detail {

// One operation on a file: through the reactor where it can, else through the pool, else in place.
class file_wait : public suspension, protected file_operation, private offload_job {
 public:
    file_wait(const file_wait&) = delete;
    file_wait& operator=(const file_wait&) = delete;

    bool await_ready() noexcept {
        if (ctx().is_cancelled()) return false;
        if (kind == kind_type::read && read_what_is_cached()) return true;
        reactor_ = dynamic_cast<reactor*>(&ctx().home());
        pool_ = offload_pool::of(ctx().home());
        if (!reactor_ && !pool_) run_here();
        return !reactor_ && !pool_;
    }
    bool await_suspend(std::coroutine_handle<> coroutine) {
        if (!suspend(coroutine)) return false;
        begin();
        return true;
    }

 protected:
    file_wait(kind_type what, int file_fd, char* memory, std::size_t bytes, std::uint64_t at) noexcept
        : suspension(&cancelled),
          file_operation(&submitted_done),
          offload_job(&run, &job_done),
          memory_(memory),
          left_(bytes),
          at_(at) {
        kind = what;
        fd = file_fd;
    }
    ~file_wait() {
        if (!is_pending()) return;
        is_abandoned_ = true;
        if (in_flight) {
            reactor_->cancel(*this);
            reactor_->wait_for(*this);
        } else if (pool_) {
            pool_->wait_for(*this);
        }
    }

    std::size_t moved() const noexcept { return moved_; }
    std::error_code outcome() const noexcept { return failure_ ? failure_ : error(); }

 private:
    static constexpr std::size_t step_bytes = 1 << 30;  // what one call of the kernel is asked for

    bool has_bytes() const noexcept { return kind == kind_type::read || kind == kind_type::write; }
    std::size_t step() const noexcept { return left_ < step_bytes ? left_ : step_bytes; }

    // True when there is nothing left to do.
    bool take(io_result ended) noexcept {
        if (!ended.ok()) {
            failure_ = ended.error();
            return true;
        }
        if (!has_bytes()) return true;
        if (ended.bytes() == 0 && kind == kind_type::write && left_ > 0) failure_ = system_error(ENOSPC);
        if (memory_) memory_ += ended.bytes();
        moved_ += ended.bytes();
        left_ -= ended.bytes();
        at_ += ended.bytes();
        return ended.bytes() == 0 || left_ == 0;
    }

    bool read_what_is_cached() noexcept {
        while (true) {
            const io_result got = file_calls::read_no_wait(fd, memory_, step(), at_);
            if (got.would_block() || got.error_number() == EOPNOTSUPP || got.error_number() == ENOSYS)
                return false;
            if (take(got)) return true;
        }
    }

    void run_here() noexcept {
        while (true) {
            io_result ended(0);
            if (kind == kind_type::read)
                ended = file_calls::read(fd, memory_, step(), at_);
            else if (kind == kind_type::write)
                ended = file_calls::write(fd, memory_, step(), at_);
            else
                ended = file_calls::sync(fd);
            if (take(ended)) return;
        }
    }

    void begin() {
        buffer = memory_;
        length = static_cast<std::uint32_t>(step());
        offset = at_;
        if (reactor_ && reactor_->submit(*this)) return;
        if (!pool_) {
            run_here();
            return complete();
        }
        const result<> accepted = pool_->submit(*this, offload_kind::blocking);
        if (!accepted) complete(accepted.error());
    }

    static void submitted_done(file_operation& op, io_result ended) noexcept {
        auto& self = static_cast<file_wait&>(op);
        const std::error_code reason = self.ctx().reason();
        if (reason && ended.error_number() == ECANCELED) return self.complete(reason);
        const bool is_over = self.take(ended) || self.is_abandoned_;
        if (is_over || reason) return self.complete(is_over ? std::error_code{} : reason);
        self.begin();
    }
    static void run(offload_job& job) noexcept { static_cast<file_wait&>(job).run_here(); }
    static void job_done(offload_job& job) noexcept {
        const bool has_run = offload_pool::has_run(job);
        static_cast<file_wait&>(job).complete(has_run ? std::error_code{} : make_error_code(errc::canceled));
    }
    static void cancelled(suspension& waiting, std::error_code reason) noexcept {
        auto& self = static_cast<file_wait&>(waiting);
        if (self.in_flight)
            self.reactor_->cancel(self);
        else if (self.pool_ && self.pool_->withdraw(self))
            self.complete(reason);
    }

    char* memory_;  // where the rest begins: left_ bytes, for offset at_
    std::size_t left_;
    std::uint64_t at_;
    std::size_t moved_ = 0;
    std::error_code failure_{};
    reactor* reactor_ = nullptr;
    offload_pool* pool_ = nullptr;
    bool is_abandoned_ = false;
};

}  // namespace detail

class file::transfer_operation final : public detail::file_wait {
 public:
    transfer_operation(kind_type what, int file_fd, char* memory, std::size_t bytes,
                       std::uint64_t at) noexcept
        : file_wait(what, file_fd, memory, bytes, at) {}
    result<std::size_t> await_resume() const noexcept {
        if (const std::error_code failure = outcome()) return failure;
        return moved();
    }
};

class file::sync_operation final : public detail::file_wait {
 public:
    explicit sync_operation(int file_fd) noexcept : file_wait(kind_type::sync, file_fd, nullptr, 0, 0) {}
    result<> await_resume() const noexcept { return outcome(); }
};

// ---- definitions ----

inline file::transfer_operation file::read_at(std::span<char> to, std::uint64_t offset) const noexcept {
    return transfer_operation(file_operation::kind_type::read, fd(), to.data(), to.size(), offset);
}
inline file::transfer_operation file::write_at(std::string_view from, std::uint64_t offset) const noexcept {
    // The kernel only reads it.
    return transfer_operation(file_operation::kind_type::write, fd(), const_cast<char*>(from.data()),
                              from.size(), offset);
}
inline file::sync_operation file::sync() const noexcept { return sync_operation(fd()); }

inline result<file_info> file::info() const noexcept {
    struct stat found{};
    const io_result asked = file_calls::status(fd(), found);
    if (!asked.ok()) return asked.error();
    file_info info;
    info.size_bytes = static_cast<std::uint64_t>(found.st_size);
    info.modified = wall_time_point(duration(file_calls::detail::modified_ns(found)));
    info.inode = static_cast<std::uint64_t>(found.st_ino);
    info.device = static_cast<std::uint64_t>(found.st_dev);
    info.is_regular = S_ISREG(found.st_mode);
    info.is_directory = S_ISDIR(found.st_mode);
    return info;
}

namespace detail {

inline result<> outcome_of(io_result done) noexcept { return done.ok() ? std::error_code{} : done.error(); }

inline result<file> opened_file(io_result opened) noexcept {
    if (!opened.ok()) return opened.error();
    return file(unique_fd(static_cast<int>(opened.bytes())));
}

}  // namespace detail

template <only_if_used>
task<result<file>> open_file_at(int directory, std::string path, int flags, unsigned mode,
                                file_calls::resolve how) {
    if (how != file_calls::resolve::anywhere) {
        const io_result cached = file_calls::open(directory, path.c_str(), flags, static_cast<mode_t>(mode),
                                                  file_calls::resolve::beneath_cached);
        if (!cached.would_block()) co_return detail::opened_file(cached);
    }
    auto open = [&] {
        return detail::opened_file(
            file_calls::open(directory, path.c_str(), flags, static_cast<mode_t>(mode), how));
    };
    result<file> opened = co_await blocking(open);
    co_return opened;
}

template <only_if_used>
task<result<>> rename_at(int from_directory, std::string from, int to_directory, std::string to) {
    auto rename = [&] {
        return detail::outcome_of(file_calls::rename(from_directory, from.c_str(), to_directory, to.c_str()));
    };
    const result<> renamed = co_await blocking(rename);
    co_return renamed;
}

template <only_if_used>
task<result<>> unlink_at(int directory, std::string name) {
    auto unlink = [&] { return detail::outcome_of(file_calls::unlink(directory, name.c_str())); };
    const result<> removed = co_await blocking(unlink);
    co_return removed;
}

template <only_if_used>
task<result<>> make_directory_at(int directory, std::string name, unsigned mode) {
    auto make = [&] {
        return detail::outcome_of(
            file_calls::make_directory(directory, name.c_str(), static_cast<mode_t>(mode)));
    };
    const result<> made = co_await blocking(make);
    co_return made;
}

}  // namespace eventcore
