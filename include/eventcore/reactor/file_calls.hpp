// The file functions of the kernel that may block on a disk, in one shape: EINTR is retried, the outcome is
// a count or a descriptor, or a negative errno (openat2(2), preadv2(2), linkat(2)).
//
// What differs between systems is settled in the first block, and nowhere else.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "eventcore/base/ascii.hpp"
#include "eventcore/base/unique_fd.hpp"
#include "eventcore/reactor/io.hpp"
#include "eventcore/reactor/simulated_kernel.hpp"

#if defined(__linux__)
#include <sys/syscall.h>
#endif

namespace eventcore::file_calls {

// How a path is looked up below a directory.
enum class resolve : std::uint8_t {
    anywhere,       // as openat(2): "..", absolute paths and links lead where they lead
    beneath,        // never out of the directory; errno EXDEV (or ELOOP) for what would
    beneath_cached  // as beneath, and -EAGAIN when the disk would have to be asked
};

namespace detail {

#if defined(__linux__)

// struct open_how and the RESOLVE_ flags of linux/openat2.h, which older systems lack.
struct open_how {
    std::uint64_t flags;
    std::uint64_t mode;
    std::uint64_t resolve;
};
inline constexpr std::uint64_t resolve_no_magic_links = 0x02, resolve_beneath = 0x08, resolve_cached = 0x20;
inline constexpr long openat2_number = 437;  // the same on every architecture

inline io_result open_beneath(int directory, const char* path, int flags, mode_t mode, bool cached) noexcept {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
    how.mode = flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)) ? mode : 0;
    how.resolve = resolve_beneath | resolve_no_magic_links | (cached ? resolve_cached : 0);
    io_result opened(-EAGAIN);
    for (int i = 0; i < 16 && opened.would_block(); ++i) {  // EAGAIN: raced with a rename; look again
        opened =
            retry_interrupted([&] { return ::syscall(openat2_number, directory, path, &how, sizeof how); });
        if (cached) break;
    }
    return opened;
}
inline bool lacks_open_beneath(io_result opened) noexcept {
    return opened.error_number() == ENOSYS || opened.error_number() == EPERM;  // old kernel or filter
}

inline constexpr int no_wait_flag = 0x8;  // RWF_NOWAIT
inline io_result read_no_wait(int fd, const iovec& to, std::uint64_t offset) noexcept {
    return retry_interrupted([&] { return ::preadv2(fd, &to, 1, static_cast<off_t>(offset), no_wait_flag); });
}
inline io_result rename_new(int from_dir, const char* from, int to_dir, const char* to) noexcept {
    constexpr unsigned no_replace = 1;
    return retry_interrupted(
        [&] { return ::syscall(SYS_renameat2, from_dir, from, to_dir, to, no_replace); });
}
inline io_result open_unnamed(int directory, mode_t mode) noexcept {
    return retry_interrupted([&] { return ::openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode); });
}
inline io_result name_unnamed(int fd, int directory, const char* name) noexcept {
    char path[32];
    std::snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return retry_interrupted([&] { return ::linkat(AT_FDCWD, path, directory, name, AT_SYMLINK_FOLLOW); });
}
inline std::int64_t modified_ns(const struct stat& s) noexcept {
    return std::int64_t{s.st_mtim.tv_sec} * 1'000'000'000 + s.st_mtim.tv_nsec;
}

#else

inline io_result open_beneath(int, const char*, int, mode_t, bool) noexcept { return io_result(-ENOSYS); }
inline bool lacks_open_beneath(io_result) noexcept { return true; }
inline io_result read_no_wait(int, const iovec&, std::uint64_t) noexcept { return io_result(-EOPNOTSUPP); }
inline io_result rename_new(int, const char*, int, const char*) noexcept { return io_result(-ENOSYS); }
inline io_result open_unnamed(int, mode_t) noexcept { return io_result(-EOPNOTSUPP); }
inline io_result name_unnamed(int, int, const char*) noexcept { return io_result(-EOPNOTSUPP); }
#if defined(__APPLE__)
inline std::int64_t modified_ns(const struct stat& s) noexcept {
    return std::int64_t{s.st_mtimespec.tv_sec} * 1'000'000'000 + s.st_mtimespec.tv_nsec;
}
#else
inline std::int64_t modified_ns(const struct stat& s) noexcept {
    return std::int64_t{s.st_mtim.tv_sec} * 1'000'000'000 + s.st_mtim.tv_nsec;
}
#endif

#endif

// Where openat2 is missing: one component at a time, and no symbolic link anywhere.
inline io_result open_by_walking(int directory, const char* path, int flags, mode_t mode) {
    std::string_view rest = path;
    unique_fd holder;
    int at = directory;
    if (rest.empty()) return io_result(-ENOENT);
    while (true) {
        const std::size_t end = index_of(rest, '/');
        const std::string part(rest.substr(0, end));
        if (part.empty() || part == "..") return io_result(-EXDEV);
        const bool is_last = end == rest.size();
        const int how = is_last ? flags : O_RDONLY | O_DIRECTORY;
        const io_result opened =
            retry_interrupted([&] { return ::openat(at, part.c_str(), how | O_NOFOLLOW | O_CLOEXEC, mode); });
        // A link in the middle is ENOTDIR on Linux (O_DIRECTORY comes first): tell it from a plain file.
        struct stat found{};
        const bool is_link = !opened.ok() && ::fstatat(at, part.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 &&
                             S_ISLNK(found.st_mode);
        if (is_link) return io_result(-EXDEV);
        if (is_last || !opened.ok()) return opened;
        holder.reset(static_cast<int>(opened.bytes()));
        at = holder.get();
        rest.remove_prefix(end + 1);
    }
}

}  // namespace detail

// Close-on-exec. beneath_cached: errno EAGAIN also where this system cannot say.
inline io_result open(int directory, const char* path, int flags, mode_t mode, resolve how) {
    const bool cached = how == resolve::beneath_cached;
    if (simulated_kernel* simulated = simulated_kernel::of_directory(directory))
        return simulated->open_file(directory, path, flags, how != resolve::anywhere, cached);
    if (how == resolve::anywhere)
        return retry_interrupted([&] { return ::openat(directory, path, flags | O_CLOEXEC, mode); });
    const io_result opened = detail::open_beneath(directory, path, flags, mode, cached);
    if (!detail::lacks_open_beneath(opened)) return opened;
    return cached ? io_result(-EAGAIN) : detail::open_by_walking(directory, path, flags, mode);
}
// A file without a name, in the file system of `directory`; it vanishes unless it is named. -EOPNOTSUPP and
// others where there is no such thing.
inline io_result open_unnamed(int directory, mode_t mode) noexcept {
    if (simulated_kernel* simulated = simulated_kernel::of_directory(directory))
        return simulated->open_unnamed(directory);
    return detail::open_unnamed(directory, mode);
}
// Gives it one; -EEXIST when the name is taken.
inline io_result name_unnamed(int fd, int directory, const char* name) noexcept {
    if (simulated_kernel* simulated = simulated_kernel::of_file(fd))
        return simulated->name_unnamed(fd, directory, name);
    return detail::name_unnamed(fd, directory, name);
}

inline io_result read(int fd, void* to, std::size_t bytes, std::uint64_t offset) noexcept {
    if (simulated_kernel* simulated = simulated_kernel::of_file(fd))
        return simulated->read(fd, to, bytes, offset, true);
    return retry_interrupted([&] { return ::pread(fd, to, bytes, static_cast<off_t>(offset)); });
}
// -EAGAIN: not in memory; -EOPNOTSUPP: this file cannot say.
inline io_result read_no_wait(int fd, void* to, std::size_t bytes, std::uint64_t offset) noexcept {
    if (simulated_kernel* simulated = simulated_kernel::of_file(fd))
        return simulated->read(fd, to, bytes, offset, false);
    return detail::read_no_wait(fd, iovec{to, bytes}, offset);
}
inline io_result write(int fd, const void* from, std::size_t bytes, std::uint64_t offset) noexcept {
    if (simulated_kernel* simulated = simulated_kernel::of_file(fd))
        return simulated->write(fd, from, bytes, offset);
    return retry_interrupted([&] { return ::pwrite(fd, from, bytes, static_cast<off_t>(offset)); });
}
inline io_result sync(int fd) noexcept {
    if (simulated_kernel* simulated = simulated_kernel::of_file(fd)) return simulated->sync(fd);
    return retry_interrupted([&] { return ::fsync(fd); });
}
inline io_result rename(int from_dir, const char* from, int to_dir, const char* to) noexcept {
    if (simulated_kernel* simulated = simulated_kernel::of_directory(from_dir))
        return simulated->rename(from_dir, from, to_dir, to, true);
    return retry_interrupted([&] { return ::renameat(from_dir, from, to_dir, to); });
}
// As rename, but -EEXIST when the name is taken.
inline io_result rename_new(int from_dir, const char* from, int to_dir, const char* to) noexcept {
    if (simulated_kernel* simulated = simulated_kernel::of_directory(from_dir))
        return simulated->rename(from_dir, from, to_dir, to, false);
    const io_result renamed = detail::rename_new(from_dir, from, to_dir, to);
    const bool unknown = renamed.error_number() == ENOSYS || renamed.error_number() == EINVAL;
    if (!unknown) return renamed;
    const io_result linked = retry_interrupted([&] { return ::linkat(from_dir, from, to_dir, to, 0); });
    if (linked.ok()) (void)::unlinkat(from_dir, from, 0);
    return linked;
}
inline io_result unlink(int directory, const char* name) noexcept {
    if (simulated_kernel* simulated = simulated_kernel::of_directory(directory))
        return simulated->unlink(directory, name);
    const io_result removed = retry_interrupted([&] { return ::unlinkat(directory, name, 0); });
    struct stat found{};  // POSIX says EPERM for a directory, Linux EISDIR
    const bool is_directory = removed.error_number() == EPERM &&
                              ::fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
                              S_ISDIR(found.st_mode);
    return is_directory ? io_result(-EISDIR) : removed;
}
inline io_result make_directory(int directory, const char* name, mode_t mode) noexcept {
    if (simulated_kernel* simulated = simulated_kernel::of_directory(directory))
        return simulated->make_directory(directory, name);
    return retry_interrupted([&] { return ::mkdirat(directory, name, mode); });
}
inline io_result status(int fd, struct stat& found) noexcept {
    if (simulated_kernel* simulated = simulated_kernel::of_file(fd)) return simulated->status(fd, found);
    return retry_interrupted([&] { return ::fstat(fd, &found); });
}
// The flags that can be changed of an open file (fcntl(2), F_SETFL).
inline io_result set_flags(int fd, int flags) noexcept {
    if (simulated_kernel::of_file(fd)) return io_result(0);  // O_APPEND stays; the others mean nothing there
    return retry_interrupted([&] { return ::fcntl(fd, F_SETFL, flags); });
}
// Whether name_unnamed() can work below this directory: Linux needs /proc for it.
inline bool can_name_unnamed(int directory) noexcept {
    return simulated_kernel::of_directory(directory) || ::access("/proc/self/fd", F_OK) == 0;
}

}  // namespace eventcore::file_calls
