// Objects of one type from chunks that are never given back while the slab lives: a freed place is the next
// one taken, so the busy part stays small and warm.
#pragma once

#include <cstddef>
#include <new>
#include <utility>

#include "eventcore/base/assert.hpp"
#include "eventcore/base/config.hpp"
#include "eventcore/base/owning_list.hpp"

namespace eventcore {

template <class T>
class slab {
 public:
    slab() noexcept = default;
    slab(const slab&) = delete;
    slab& operator=(const slab&) = delete;
    ~slab() { EVENTCORE_ASSERT(count_ == 0, "a slab was destroyed while objects live in it"); }

    // Makes room for `count` objects in all, so that creating them allocates nothing.
    void reserve(std::size_t count) {
        while (capacity_ < count) add_chunk();
    }
    template <class... Args>
    T& create(Args&&... args) {
        if (!free_) add_chunk();
        place* at = free_;
        place* next = at->next;
        T* made = ::new (static_cast<void*>(at)) T(std::forward<Args>(args)...);
        free_ = next;
        ++count_;
        return *made;
    }
    void destroy(T& object) noexcept {
        object.~T();
        place* at = ::new (static_cast<void*>(&object)) place;
        at->next = free_;
        free_ = at;
        --count_;
    }
    std::size_t count() const noexcept { return count_; }
    std::size_t capacity() const noexcept { return capacity_; }

 private:
    // Under ASan an overrun of one object hits a red zone instead of its neighbour.
    static constexpr std::size_t per_chunk = EVENTCORE_ASAN ? 1 : 64;
    union place {
        place() noexcept : next(nullptr) {}
        place* next;
        alignas(T) std::byte storage[sizeof(T)];
    };

    struct chunk {
        place places[per_chunk];
    };

    void add_chunk() {
        chunk& fresh = chunks_.emplace_back();
        for (std::size_t i = per_chunk; i-- > 0;) {
            fresh.places[i].next = free_;
            free_ = &fresh.places[i];
        }
        capacity_ += per_chunk;
    }

    owning_list<chunk> chunks_;
    place* free_ = nullptr;
    std::size_t count_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace eventcore
