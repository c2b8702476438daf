// The files that this thread has opened for reading since it last looked at the world: until it looks again,
// requests for the same name share them.
//
// What the kernel reports is taken in batches, and a batch had arrived before the first of it is handled. So
// a file that was looked up meanwhile is at least as new as the requests in it, and one look-up does for all
// that ask for that name: whoever changes a file and then asks for it is in a later batch. (Not so one who
// keeps sending on a connection that is in this batch already, without waiting for answers: what arrives
// there meanwhile may be read as well, and be shown the file as it was earlier in the same turn.)
//
// Nothing is held while the thread waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "eventcore/base/owned.hpp"
#include "eventcore/base/shared_fd.hpp"
#include "eventcore/coro/scheduler.hpp"
#include "eventcore/reactor/file.hpp"

namespace eventcore {

// An open regular file, and what was known of it when it was opened.
struct found_file {
    shared_fd descriptor;
    file_info info;
};

namespace detail {

class open_files final : private ready_item {
 public:
    // Null where nobody tells when to look again: outside the turns of a scheduler.
    static open_files* here() {
        scheduler* const at = scheduler::current();
        if (!at) return nullptr;
        owned<open_files>& mine = of_thread();
        if (!mine) mine = owned<open_files>(new open_files);
        return mine->is_for(*at) ? mine.get() : nullptr;
    }
    // From now on this thread looks up everything again: it has changed something itself.
    static void forget() noexcept {
        if (const owned<open_files>& mine = of_thread()) mine->drop_all();
    }

    // `directory`: the number of the directory that `name` is below.
    bool find(std::uint64_t directory, std::string_view name, found_file& to) {
        entry& at = place_of(directory, name);
        if (!at.file.descriptor || at.directory != directory || at.name != name) return false;
        to = {at.file.descriptor.share(), at.file.info};
        return true;
    }
    // Of two names that meet in one place the later one stays.
    void keep(std::uint64_t directory, std::string_view name, found_file& found) {
        if (name.size() > name_bytes_max) return;
        entry& at = place_of(directory, name);
        at.file = {};
        if (!std::exchange(at.is_used, true)) at.next_used = std::exchange(first_used_, &at);
        if (!is_linked()) scheduler_->before_next_look(*this);
        at.directory = directory;
        at.name.assign(name);
        at.file = {found.descriptor.share(), found.info};
    }

 private:
    static constexpr std::size_t places = 64, name_bytes_max = 255;
    struct entry {
        found_file file;  // no descriptor: nothing is here
        std::uint64_t directory = 0;
        std::string name;  // keeps its memory, so that nothing is allocated again and again
        entry* next_used = nullptr;
        bool is_used = false;
    };

    static owned<open_files>& of_thread() noexcept {
        static thread_local owned<open_files> mine;
        return mine;
    }
    open_files() noexcept
        : ready_item([](ready_item& self) noexcept { static_cast<open_files&>(self).drop_all(); }) {}

    // A scheduler that ends takes its word with it, and two may take turns on one thread.
    bool is_for(scheduler& at) noexcept {
        if (is_linked()) return scheduler_ == &at;
        drop_all();
        scheduler_ = &at;
        return true;
    }
    entry& place_of(std::uint64_t directory, std::string_view name) noexcept {
        return entries_[(std::hash<std::string_view>()(name) + directory) % places];
    }
    void drop_all() noexcept {
        unlink();
        while (first_used_) {
            first_used_->file.descriptor.reset();
            first_used_->is_used = false;
            first_used_ = std::exchange(first_used_->next_used, nullptr);
        }
    }

    scheduler* scheduler_ = nullptr;
    entry* first_used_ = nullptr;
    entry entries_[places];
};

}  // namespace detail

}  // namespace eventcore
