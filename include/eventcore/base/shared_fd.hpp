// A file descriptor with one holder or several: it is closed with the last of them.
#pragma once

#include <cstddef>
#include <utility>

#include "eventcore/base/recycler.hpp"
#include "eventcore/base/shared.hpp"
#include "eventcore/base/unique_fd.hpp"

namespace eventcore {

// Made of a unique_fd, and then it costs no more than one; only share() takes memory. Holders may be on
// different threads, each belongs to one.
class shared_fd {
 public:
    shared_fd() noexcept = default;
    shared_fd(unique_fd only) noexcept : only_(std::move(only)) {}

    int get() const noexcept { return common_ ? common_->fd.get() : only_.get(); }
    explicit operator bool() const noexcept { return get() >= 0; }

    // One more holder of the same descriptor. Throws std::bad_alloc.
    [[nodiscard]] shared_fd share() {
        if (!common_ && only_) common_ = make_shared<common>(only_);
        shared_fd another;
        another.common_ = common_;
        return another;
    }
    void reset() noexcept {
        only_.reset();
        common_ = {};
    }

 private:
    struct common final : reference_counted {
        explicit common(unique_fd& from) noexcept : fd(std::move(from)) {}
        static void* operator new(std::size_t bytes) { return recycler::allocate(bytes); }
        static void operator delete(void* memory, std::size_t bytes) noexcept {
            recycler::deallocate(memory, bytes);
        }
        unique_fd fd;
    };

    unique_fd only_;         // while there is one holder
    shared<common> common_;  // from then on
};

}  // namespace eventcore
