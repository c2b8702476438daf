// The simulated disk: a tree of files in memory that can be slow, full or broken.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "eventcore/testing/machine_parts.hpp"

namespace eventcore::testing {

class simulated_disk {
 public:
    explicit simulated_disk(machine_parts& parts) : parts_(parts) {
        nodes_.emplace_back().is_directory = true;
    }
    simulated_disk(const simulated_disk&) = delete;
    simulated_disk& operator=(const simulated_disk&) = delete;

    // ---- what the program calls: file_calls.hpp ----
    io_result open(int directory, std::string_view path, int flags, bool is_beneath) noexcept;
    io_result open_unnamed(int directory) noexcept;
    io_result name_unnamed(int fd, int directory, std::string_view name) noexcept;
    io_result read(int fd, void* to, std::size_t bytes, std::uint64_t offset) noexcept;
    io_result write(int fd, const void* from, std::size_t bytes, std::uint64_t offset) noexcept;
    io_result sync(int fd) noexcept;
    io_result rename(int from_directory, std::string_view from, int to_directory, std::string_view to,
                     bool may_replace) noexcept;
    io_result unlink(int directory, std::string_view name) noexcept;
    io_result make_directory(int directory, std::string_view name) noexcept;
    io_result status(int fd, struct stat& found) const noexcept;
    void close(std::size_t open_index) noexcept { give_back(opens_[open_index].node); }

    // ---- what a test calls; paths begin at the root ----
    // Makes the directories that are missing.
    void put(std::string_view path, std::string content);
    // Null when there is no such file.
    const std::string* find(std::string_view path) const;

 private:
    static constexpr std::size_t none = ~std::size_t{0};
    struct node {
        bool is_directory = false;
        std::string content;
        std::map<std::string, std::size_t, std::less<>> entries;
        unsigned links = 1, opens = 0;
    };
    struct open_file {
        std::size_t node;
        int flags;
    };
    struct place {
        std::size_t directory = none;  // none: the way there does not exist
        std::string_view name;
        int error = ENOENT;
    };

    int fault() noexcept { return parts_.random.chance(parts_.faults().disk_error) ? EIO : 0; }
    std::size_t base(int directory, std::string_view path) const noexcept;
    std::size_t node_of(int fd) const noexcept;
    place walk(int directory, std::string_view path, bool is_beneath) const noexcept;
    std::size_t entry(const place& at) const noexcept;
    std::size_t make_node(bool is_directory);
    io_result open_node(std::size_t index, int flags) noexcept;
    void give_back(std::size_t index) noexcept;
    void drop_link(std::size_t index) noexcept;

    machine_parts& parts_;
    std::deque<node> nodes_;       // the first is the root
    std::deque<open_file> opens_;  // a descriptor's index is a place here; never reused
    std::uint64_t used_bytes_ = 0;
};

// ---- definitions: names ----

inline std::size_t simulated_disk::node_of(int fd) const noexcept {
    const descriptor_table::entry found = parts_.descriptors.find(fd);
    return found.kind == descriptor_table::kind_type::file ? opens_[found.index].node : none;
}

inline std::size_t simulated_disk::base(int directory, std::string_view path) const noexcept {
    return directory == AT_FDCWD || path.substr(0, 1) == "/" ? 0 : node_of(directory);
}

// To the last component, which need not exist. "." stays, ".." is not followed: nothing of ours uses it.
inline auto simulated_disk::walk(int directory, std::string_view path, bool is_beneath) const noexcept
    -> place {
    if (is_beneath && path.substr(0, 1) == "/") return {none, {}, EXDEV};
    std::size_t here = base(directory, path);
    std::string_view last = ".";
    while (!path.empty()) {
        const std::size_t end = (std::min)(path.find('/'), path.size());
        const std::string_view part = path.substr(0, end);
        path.remove_prefix((std::min)(end + 1, path.size()));
        if (part.empty() || part == ".") continue;
        if (part == "..") return {none, {}, EXDEV};
        if (here == none) return {none, {}, ENOENT};
        if (last != ".") here = entry({here, last});
        if (here == none) return {none, {}, ENOENT};
        if (!nodes_[here].is_directory) return {none, {}, ENOTDIR};
        last = part;
    }
    return {here, last, ENOENT};
}

inline std::size_t simulated_disk::entry(const place& at) const noexcept {
    if (at.directory == none || at.name == ".") return at.directory;
    const auto found = nodes_[at.directory].entries.find(at.name);
    return found == nodes_[at.directory].entries.end() ? none : found->second;
}

inline std::size_t simulated_disk::make_node(bool is_directory) {
    nodes_.emplace_back().is_directory = is_directory;
    return nodes_.size() - 1;
}

inline void simulated_disk::put(std::string_view path, std::string content) {
    place at = walk(AT_FDCWD, path, false);
    for (std::size_t slash = path.find('/', 1); slash != path.npos; slash = path.find('/', slash + 1)) {
        const place parent = walk(AT_FDCWD, path.substr(0, slash), false);
        if (entry(parent) == none)
            nodes_[parent.directory].entries[std::string(parent.name)] = make_node(true);
    }
    at = walk(AT_FDCWD, path, false);
    std::size_t index = entry(at);
    if (index == none) index = nodes_[at.directory].entries[std::string(at.name)] = make_node(false);
    used_bytes_ += content.size() - nodes_[index].content.size();
    nodes_[index].content = std::move(content);
}

inline const std::string* simulated_disk::find(std::string_view path) const {
    const std::size_t index = entry(walk(AT_FDCWD, path, false));
    return index == none || nodes_[index].is_directory ? nullptr : &nodes_[index].content;
}

// ---- definitions: opening ----

inline io_result simulated_disk::open_node(std::size_t index, int flags) noexcept {
    const int fd = parts_.descriptors.open(descriptor_table::kind_type::file, opens_.size());
    if (fd < 0) return parts_.record("open", 0, -EMFILE);
    opens_.push_back({index, flags});
    ++nodes_[index].opens;
    return parts_.record("open", 0, fd);
}

inline io_result simulated_disk::open(int directory, std::string_view path, int flags,
                                      bool is_beneath) noexcept {
    if (const int error = fault()) return parts_.record("open", 0, -error);
    if (path == "/dev/null" && walk(directory, path, false).directory == none) put("/dev/null", {});
    const place at = walk(directory, path, is_beneath);
    if (at.directory == none) return parts_.record("open", 0, -at.error);
    std::size_t index = entry(at);
    if (index != none && (flags & O_CREAT) && (flags & O_EXCL)) return parts_.record("open", 0, -EEXIST);
    if (index != none && (flags & O_DIRECTORY) && !nodes_[index].is_directory)
        return parts_.record("open", 0, -ENOTDIR);
    if (index != none && nodes_[index].is_directory && (flags & O_ACCMODE) != O_RDONLY)
        return parts_.record("open", 0, -EISDIR);
    if (index == none && !(flags & O_CREAT)) return parts_.record("open", 0, -ENOENT);
    if (index == none && parts_.descriptors.is_full()) return parts_.record("open", 0, -EMFILE);
    if (index == none) index = nodes_[at.directory].entries[std::string(at.name)] = make_node(false);
    const io_result opened = open_node(index, flags);
    if (opened.ok() && (flags & O_TRUNC)) {
        used_bytes_ -= nodes_[index].content.size();
        nodes_[index].content.clear();
    }
    return opened;
}

inline io_result simulated_disk::open_unnamed(int directory) noexcept {
    if (const int error = fault()) return parts_.record("open_unnamed", 0, -error);
    if (base(directory, {}) == none) return io_result(-EBADF);
    if (parts_.descriptors.is_full()) return parts_.record("open_unnamed", 0, -EMFILE);
    const std::size_t index = make_node(false);
    nodes_[index].links = 0;
    return open_node(index, O_RDWR);
}

inline void simulated_disk::give_back(std::size_t index) noexcept {
    node& n = nodes_[index];
    if (--n.opens > 0 || n.links > 0) return;
    used_bytes_ -= n.content.size();
    n.content = {};
}

inline void simulated_disk::drop_link(std::size_t index) noexcept {
    node& n = nodes_[index];
    if (--n.links > 0 || n.opens > 0) return;
    used_bytes_ -= n.content.size();
    n.content = {};
}

// ---- definitions: content ----

inline io_result simulated_disk::read(int fd, void* to, std::size_t bytes, std::uint64_t offset) noexcept {
    const std::size_t index = node_of(fd);
    if (index == none) return io_result(-EBADF);
    if (nodes_[index].is_directory) return io_result(-EISDIR);
    if (const int error = fault()) return parts_.record("read", fd, -error);
    const std::string& content = nodes_[index].content;
    if (offset >= content.size()) return parts_.record("read", fd, 0);
    const auto from = static_cast<std::size_t>(offset);
    std::size_t count = (std::min)(bytes, content.size() - from);
    if (parts_.random.chance(parts_.faults().short_read)) count = parts_.random.piece(count);
    if (count > 0) std::memcpy(to, content.data() + from, count);
    return parts_.record("read", fd, static_cast<std::int64_t>(count));
}

inline io_result simulated_disk::write(int fd, const void* from, std::size_t bytes,
                                       std::uint64_t offset) noexcept {
    const std::size_t index = node_of(fd);
    if (index == none) return io_result(-EBADF);
    if (const int error = fault()) return parts_.record("write", fd, -error);
    if (parts_.random.chance(parts_.faults().disk_full)) return parts_.record("write", fd, -ENOSPC);
    std::string& content = nodes_[index].content;
    const bool appends = (opens_[parts_.descriptors.find(fd).index].flags & O_APPEND) != 0;
    const std::size_t at = appends ? content.size() : static_cast<std::size_t>(offset);
    std::size_t count = bytes;
    if (parts_.random.chance(parts_.faults().short_write)) count = parts_.random.piece(count);
    const std::size_t needed = (std::max)(at + count, content.size()) - content.size();
    if (used_bytes_ + needed > parts_.options.disk_bytes_max) return parts_.record("write", fd, -ENOSPC);
    used_bytes_ += needed;
    if (at + count > content.size()) content.resize(at + count);
    if (count > 0) std::memcpy(content.data() + at, from, count);
    return parts_.record("write", fd, static_cast<std::int64_t>(count));
}

inline io_result simulated_disk::sync(int fd) noexcept {
    if (node_of(fd) == none) return io_result(-EBADF);
    return parts_.record("sync", fd, -fault());
}

inline io_result simulated_disk::status(int fd, struct stat& found) const noexcept {
    const std::size_t index = node_of(fd);
    if (index == none) return io_result(-EBADF);
    found.st_mode = nodes_[index].is_directory ? S_IFDIR | 0755 : S_IFREG | 0644;
    found.st_size = static_cast<off_t>(nodes_[index].content.size());
    found.st_ino = static_cast<ino_t>(index + 1);
    return io_result(0);
}

// ---- definitions: changing names ----

inline io_result simulated_disk::name_unnamed(int fd, int directory, std::string_view name) noexcept {
    const std::size_t index = node_of(fd);
    const place at = walk(directory, name, true);
    if (index == none || at.directory == none) return io_result(-ENOENT);
    if (const int error = fault()) return parts_.record("link", fd, -error);
    if (entry(at) != none) return parts_.record("link", fd, -EEXIST);
    nodes_[at.directory].entries[std::string(at.name)] = index;
    ++nodes_[index].links;
    return parts_.record("link", fd, 0);
}

inline io_result simulated_disk::rename(int from_directory, std::string_view from, int to_directory,
                                        std::string_view to, bool may_replace) noexcept {
    if (const int error = fault()) return parts_.record("rename", 0, -error);
    const place source = walk(from_directory, from, false), target = walk(to_directory, to, false);
    const std::size_t moved = entry(source), replaced = entry(target);
    if (moved == none || target.directory == none) return parts_.record("rename", 0, -ENOENT);
    if (replaced != none && !may_replace) return parts_.record("rename", 0, -EEXIST);
    if (replaced != none && nodes_[replaced].is_directory) return parts_.record("rename", 0, -EISDIR);
    if (replaced == moved) return parts_.record("rename", 0, 0);
    if (replaced != none) drop_link(replaced);
    nodes_[target.directory].entries[std::string(target.name)] = moved;
    nodes_[source.directory].entries.erase(nodes_[source.directory].entries.find(source.name));
    return parts_.record("rename", 0, 0);
}

inline io_result simulated_disk::unlink(int directory, std::string_view name) noexcept {
    if (const int error = fault()) return parts_.record("unlink", 0, -error);
    const place at = walk(directory, name, false);
    const std::size_t index = entry(at);
    if (index == none) return parts_.record("unlink", 0, -at.error);
    if (nodes_[index].is_directory) return parts_.record("unlink", 0, -EISDIR);
    nodes_[at.directory].entries.erase(nodes_[at.directory].entries.find(at.name));
    drop_link(index);
    return parts_.record("unlink", 0, 0);
}

inline io_result simulated_disk::make_directory(int directory, std::string_view name) noexcept {
    if (const int error = fault()) return parts_.record("mkdir", 0, -error);
    const place at = walk(directory, name, false);
    if (at.directory == none) return parts_.record("mkdir", 0, -at.error);
    if (entry(at) != none) return parts_.record("mkdir", 0, -EEXIST);
    nodes_[at.directory].entries[std::string(at.name)] = make_node(true);
    return parts_.record("mkdir", 0, 0);
}

}  // namespace eventcore::testing
