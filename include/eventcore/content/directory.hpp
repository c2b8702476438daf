// Files below one directory, named by clients: no name leads out of it, uploads appear whole or not at all.
//
//   result<directory> base = directory::open("/srv/files");
//   result<pending_file> upload = co_await base->begin("notes/today.txt");   // makes notes/
//   result<> written = co_await upload->write(piece);                       // … as pieces arrive
//   result<bool> replaced = co_await upload->commit();                      // or commit_new(), or drop it
//
// A name is one or more components with '/' between them. Errors: errc::outside_directory (absolute, "..",
// or a link that leads out: openat2(2) RESOLVE_BENEATH), errc::invalid_argument (empty, a zero byte, empty
// components or ".", too long), errc::not_found, std::errc::is_a_directory, std::errc::file_exists; what
// else the disk says comes as it is (ENOSPC, EIO, EACCES). Names whose last component begins with
// ".eventcore-" are ours and are not found.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "eventcore/base/ascii.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/base/unique_fd.hpp"
#include "eventcore/content/open_files.hpp"
#include "eventcore/coro/task.hpp"
#include "eventcore/reactor/file.hpp"
#include "eventcore/reactor/file_calls.hpp"
#include "eventcore/reactor/offload.hpp"

namespace eventcore {

// A file that has no name yet. Dropping it removes it; two of the same name do not disturb each other.
class pending_file {
 public:
    pending_file(pending_file&& other) noexcept
        : parent_(std::move(other.parent_)),
          file_(std::move(other.file_)),
          name_(std::move(other.name_)),
          hidden_(std::exchange(other.hidden_, {})),
          size_(other.size_) {}
    pending_file& operator=(pending_file&&) = delete;
    ~pending_file() {
        if (!hidden_.empty()) (void)file_calls::unlink(parent_.get(), hidden_.c_str());
    }

    std::uint64_t size_bytes() const noexcept { return size_; }

    // After what was written before. Yields result<std::size_t>; after an error only dropping is left.
    [[nodiscard]] file::transfer_operation write(std::string_view bytes) noexcept {
        const std::uint64_t offset = std::exchange(size_, size_ + bytes.size());
        return file_.write_at(bytes, offset);
    }
    // Waits until the content is on the disk, for those who must know before they commit.
    [[nodiscard]] file::sync_operation sync() const noexcept { return file_.sync(); }

    // Gives the file its name, unless the name is taken (std::errc::file_exists): of several that try, one
    // succeeds.
    template <only_if_used = nullptr>
    task<result<>> commit_new();
    // Gives the file its name and replaces what had it. True: something was replaced. Who reads the name
    // meanwhile sees the old content or the new, never a part.
    template <only_if_used = nullptr>
    task<result<bool>> commit();

 private:
    friend class directory;
    pending_file(unique_fd parent, file opened, std::string name, std::string hidden) noexcept
        : parent_(std::move(parent)),
          file_(std::move(opened)),
          name_(std::move(name)),
          hidden_(std::move(hidden)) {}

    result<bool> publish(bool may_replace);

    unique_fd parent_;  // where the name will be
    file file_;
    std::string name_;    // one component
    std::string hidden_;  // the name it has meanwhile; empty while nameless, and when done
    std::uint64_t size_ = 0;
};

namespace detail {

struct regular_file {
    unique_fd descriptor;
    file_info info;
};

inline std::uint64_t next_directory_number() noexcept {
    static std::atomic<std::uint64_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace detail

struct directory_options {
    // Requests that a worker has in hand together share what find_file() opens: see there.
    bool share_open_files = true;
    bool nameless_uploads = true;  // pending files have no name where the system can do that (O_TMPFILE)
};

class directory {
 public:
    // Waits for the disk: for the start of a program.
    static result<directory> open(const std::string& path, directory_options options = {}) {
        const io_result opened = file_calls::open(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY, 0,
                                                  file_calls::resolve::anywhere);
        if (!opened.ok()) return opened.error();
        return directory(unique_fd(static_cast<int>(opened.bytes())), options);
    }

    // To read. Regular files only.
    template <only_if_used = nullptr>
    task<result<file>> open_file(std::string name) const;
    // The same for who hands the descriptor on, to a response say, and needs the size for it: fewer calls. It
    // may be in non-blocking mode (O_NONBLOCK).
    //
    // Asked again for the same name in one turn of the loop, it hands out the same open file: never older
    // than the turn, see open_files.hpp. A handler that replaces files with calls of its own, rather than a
    // directory's, has to say look_again() before it asks for them.
    template <only_if_used = nullptr>
    task<result<found_file>> find_file(std::string name) const;
    // On the thread that is to see the change.
    static void look_again() noexcept { detail::open_files::forget(); }
    // To write at the end of a file that exists; every write_at() appends, whatever its offset.
    template <only_if_used = nullptr>
    task<result<file>> open_to_append(std::string name) const;
    // Begins a new content for `name`; missing parent directories are made.
    template <only_if_used = nullptr>
    task<result<pending_file>> begin(std::string name) const;
    // Removes a file; parent directories stay.
    template <only_if_used = nullptr>
    task<result<>> remove(std::string name) const;

 private:
    directory(unique_fd fd, directory_options options) noexcept
        : fd_(std::move(fd)), options_(options), number_(detail::next_directory_number()) {}

    template <only_if_used = nullptr>
    task<result<detail::regular_file>> wait_for_file(std::string name, int flags) const;
    template <only_if_used = nullptr>
    task<result<file>> open_to_use(std::string name, int flags) const;

    unique_fd fd_;
    directory_options options_;
    std::uint64_t number_;  // no other directory has or had it
};

// Whether `name` is a name at all; says nothing about links on the disk.
inline std::error_code check_file_name(std::string_view name);

// ---- definitions ----

namespace detail {

inline constexpr std::string_view hidden_prefix = ".eventcore-";
inline constexpr std::size_t file_name_bytes_max = 4095;

enum class name_fault : std::uint8_t { none, invalid, outside, hidden };

constexpr name_fault fault_of_name(std::string_view name) {
    if (name.empty() || name.size() > file_name_bytes_max) return name_fault::invalid;
    if (index_of(name, '\0') != name.size()) return name_fault::invalid;
    if (name.front() == '/') return name_fault::outside;
    bool has_bad_part = false;
    std::string_view part;
    for (std::size_t at = 0; at <= name.size();) {
        const std::size_t end = index_of(name, '/', at);
        part = name.substr(at, end - at);
        if (part == "..") return name_fault::outside;
        has_bad_part = has_bad_part || part.empty() || part == ".";
        at = end + 1;
    }
    if (has_bad_part) return name_fault::invalid;
    return part.substr(0, hidden_prefix.size()) == hidden_prefix ? name_fault::hidden : name_fault::none;
}

// What a failed call of the kernel means for the name it was given.
inline std::error_code name_error(io_result failed) noexcept {
    switch (failed.error_number()) {
        case EXDEV:
        case ELOOP: return errc::outside_directory;
        case ENOENT:
        case ENOTDIR:
        case ENXIO: return errc::not_found;
        case ENAMETOOLONG: return errc::invalid_argument;
        default: return failed.error();
    }
}

inline bool must_wait(std::error_code why) noexcept { return why == system_error(EAGAIN); }

// With beneath_cached, must_wait() says whether the disk has to be asked.
inline result<regular_file> open_regular(int base, const std::string& name, int flags,
                                         file_calls::resolve how) {
    // Non-blocking, so that a named pipe does not keep us waiting for its other end.
    const io_result opened = file_calls::open(base, name.c_str(), flags | O_NONBLOCK | O_NOCTTY, 0, how);
    if (!opened.ok()) return name_error(opened);
    file found(unique_fd(static_cast<int>(opened.bytes())));
    const result<file_info> info = found.info();
    if (!info) return info.error();
    if (info->is_directory) return system_error(EISDIR);
    if (!info->is_regular) return errc::not_found;
    return regular_file{found.release(), *info};
}

struct split_name {
    std::string parent;  // "." for none
    std::string last;
};
inline split_name split(const std::string& name) {
    std::size_t slash = name.size();
    while (slash > 0 && name[slash - 1] != '/') --slash;
    if (slash == 0) return {".", name};
    return {name.substr(0, slash - 1), name.substr(slash)};
}

inline result<unique_fd> open_directory(int base, const std::string& path) {
    const io_result opened =
        file_calls::open(base, path.c_str(), O_RDONLY | O_DIRECTORY, 0, file_calls::resolve::beneath);
    if (!opened.ok()) return name_error(opened);
    return unique_fd(static_cast<int>(opened.bytes()));
}

// Opens `path` below `base`, making what is missing. Somebody else may make the same at the same time.
inline result<unique_fd> open_or_make_directory(int base, const std::string& path) {
    result<unique_fd> whole = open_directory(base, path);
    if (whole || whole.error() != errc::not_found) return whole;
    result<unique_fd> at = open_directory(base, ".");
    for (std::size_t begin = 0; at && begin < path.size();) {
        const std::size_t end = index_of(path, '/', begin);
        const std::string part = path.substr(begin, end - begin);
        const io_result made = file_calls::make_directory(at->get(), part.c_str(), 0777);
        if (!made.ok() && made.error_number() != EEXIST) return name_error(made);
        at = open_directory(base, path.substr(0, end));
        begin = end + 1;
    }
    return at;
}

inline std::string next_hidden_name() {
    static std::atomic<std::uint64_t> counter{0};
    return std::string(hidden_prefix) + std::to_string(::getpid()) + '-' +
           std::to_string(counter.fetch_add(1, std::memory_order_relaxed));
}

// An empty file in `parent` that nobody sees; `hidden` is its name where it must have one.
inline result<file> open_pending(int parent, bool nameless_wanted, std::string& hidden) {
    const bool can_be_nameless = nameless_wanted && file_calls::can_name_unnamed(parent);
    const io_result nameless =
        can_be_nameless ? file_calls::open_unnamed(parent, 0666) : io_result(-EOPNOTSUPP);
    if (nameless.ok()) return file(unique_fd(static_cast<int>(nameless.bytes())));
    io_result named(-EEXIST);
    while (named.error_number() == EEXIST) {  // left behind by an earlier process of the same number
        hidden = next_hidden_name();
        named = file_calls::open(parent, hidden.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0666,
                                 file_calls::resolve::anywhere);
    }
    if (!named.ok()) hidden.clear();
    if (!named.ok()) return name_error(named);
    return file(unique_fd(static_cast<int>(named.bytes())));
}

}  // namespace detail

inline std::error_code check_file_name(std::string_view name) {
    switch (detail::fault_of_name(name)) {
        case detail::name_fault::invalid: return errc::invalid_argument;
        case detail::name_fault::outside: return errc::outside_directory;
        case detail::name_fault::hidden: return errc::not_found;
        case detail::name_fault::none: break;
    }
    return {};
}

// On a thread that may block.
inline result<bool> pending_file::publish(bool may_replace) {
    const int parent = parent_.get();
    const bool nameless = hidden_.empty();
    const io_result named = nameless ? file_calls::name_unnamed(file_.fd(), parent, name_.c_str())
                                     : file_calls::rename_new(parent, hidden_.c_str(), parent, name_.c_str());
    if (named.ok()) {
        hidden_.clear();
        return false;
    }
    if (named.error_number() != EEXIST || !may_replace) return detail::name_error(named);
    io_result ready = named;
    // Only a rename replaces, and it needs a name to start from.
    while (nameless && ready.error_number() == EEXIST) {
        hidden_ = detail::next_hidden_name();
        ready = file_calls::name_unnamed(file_.fd(), parent, hidden_.c_str());
    }
    if (nameless && !ready.ok()) {
        hidden_.clear();
        return detail::name_error(ready);
    }
    const io_result replaced = file_calls::rename(parent, hidden_.c_str(), parent, name_.c_str());
    if (!replaced.ok()) return detail::name_error(replaced);
    hidden_.clear();
    return true;
}

template <only_if_used>
task<result<>> pending_file::commit_new() {
    auto publish_new = [this] { return publish(false); };
    const result<bool> published = co_await blocking(publish_new);
    detail::open_files::forget();
    co_return published.error();
}

template <only_if_used>
task<result<bool>> pending_file::commit() {
    auto publish_over = [this] { return publish(true); };
    const result<bool> published = co_await blocking(publish_over);
    detail::open_files::forget();
    co_return published;
}

template <only_if_used>
task<result<detail::regular_file>> directory::wait_for_file(std::string name, int flags) const {
    auto open = [&] { return detail::open_regular(fd_.get(), name, flags, file_calls::resolve::beneath); };
    result<detail::regular_file> opened = co_await blocking(open);
    co_return opened;
}

template <only_if_used>
task<result<file>> directory::open_to_use(std::string name, int flags) const {
    if (const std::error_code fault = check_file_name(name)) co_return fault;
    result<detail::regular_file> opened =
        detail::open_regular(fd_.get(), name, flags, file_calls::resolve::beneath_cached);
    if (detail::must_wait(opened.error())) opened = co_await wait_for_file(std::move(name), flags);
    if (!opened) co_return opened.error();
    // io_uring would take the flag for "never wait" on some file systems.
    const io_result set = file_calls::set_flags(opened->descriptor.get(), flags & O_APPEND);
    if (!set.ok()) co_return set.error();
    co_return file(std::move(opened->descriptor));
}

// What had to be waited for is not shared: it may have been opened before this turn's requests arrived.
template <only_if_used>
task<result<found_file>> directory::find_file(std::string name) const {
    found_file found;
    detail::open_files* const shared = options_.share_open_files ? detail::open_files::here() : nullptr;
    if (shared && shared->find(number_, name, found)) co_return std::move(found);
    if (const std::error_code fault = check_file_name(name)) co_return fault;
    result<detail::regular_file> opened =
        detail::open_regular(fd_.get(), name, O_RDONLY, file_calls::resolve::beneath_cached);
    const bool has_waited = detail::must_wait(opened.error());
    if (has_waited) opened = co_await wait_for_file(name, O_RDONLY);
    if (!opened) co_return opened.error();
    found = {std::move(opened->descriptor), opened->info};
    if (shared && !has_waited) shared->keep(number_, name, found);
    co_return std::move(found);
}

template <only_if_used>
task<result<file>> directory::open_file(std::string name) const {
    return open_to_use(std::move(name), O_RDONLY);
}

template <only_if_used>
task<result<file>> directory::open_to_append(std::string name) const {
    return open_to_use(std::move(name), O_WRONLY | O_APPEND);
}

template <only_if_used>
task<result<pending_file>> directory::begin(std::string name) const {
    if (const std::error_code fault = check_file_name(name)) co_return fault;
    auto prepare = [&]() -> result<pending_file> {
        detail::split_name where = detail::split(name);
        result<unique_fd> parent = detail::open_or_make_directory(fd_.get(), where.parent);
        if (!parent) return parent.error();
        std::string hidden;
        result<file> fresh = detail::open_pending(parent->get(), options_.nameless_uploads, hidden);
        if (!fresh) return fresh.error();
        return pending_file(std::move(*parent), std::move(*fresh), std::move(where.last), std::move(hidden));
    };
    result<pending_file> prepared = co_await blocking(prepare);
    co_return prepared;
}

template <only_if_used>
task<result<>> directory::remove(std::string name) const {
    if (const std::error_code fault = check_file_name(name)) co_return fault;
    auto unlink = [&]() -> result<> {
        const detail::split_name where = detail::split(name);
        const result<unique_fd> parent = detail::open_directory(fd_.get(), where.parent);
        if (!parent) return parent.error();
        const io_result removed = file_calls::unlink(parent->get(), where.last.c_str());
        return removed.ok() ? std::error_code{} : detail::name_error(removed);
    };
    const result<> removed = co_await blocking(unlink);
    detail::open_files::forget();
    co_return removed;
}

}  // namespace eventcore
