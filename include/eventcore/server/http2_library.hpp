// nghttp2, which does HTTP/2's framing, header compression and stream states, and neither reads nor writes a
// socket: what it needs around it. Only the component eventcore::http2 includes this.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "eventcore/base/recycler.hpp"

namespace eventcore::http2_library {

static_assert(NGHTTP2_VERSION_NUM >= 0x013200, "eventcore: HTTP/2 needs nghttp2 1.50 or later");

// NGHTTP2_ERR_TOO_MANY_CONTINUATIONS, which older headers do not name.
inline constexpr int too_many_continuations = -905;

// What it allocates for every request comes from the recycler; what lives as long as a connection, and is
// larger, from the heap, whose fresh pages cost nothing until they are written.
namespace memory {

struct alignas(16) block {
    std::size_t bytes;  // with this header
};

inline void* allocate(std::size_t bytes, bool is_cleared) noexcept {
    const std::size_t total = bytes + sizeof(block);
    void* at = nullptr;
    if (total > recycler::small_bytes_max) {
        at = is_cleared ? std::calloc(1, total) : std::malloc(total);
    } else {
        try {
            at = recycler::allocate(total);
            if (is_cleared) std::memset(at, 0, total);
        } catch (...) {
        }
    }
    if (!at) return nullptr;
    auto* made = ::new (at) block{total};
    return made + 1;
}
inline void release(void* memory) noexcept {
    if (!memory) return;
    block* const at = static_cast<block*>(memory) - 1;
    if (at->bytes > recycler::small_bytes_max)
        std::free(at);
    else
        recycler::deallocate(at, at->bytes);
}
inline void* reallocate(void* memory, std::size_t bytes) noexcept {
    if (!memory) return allocate(bytes, false);
    const std::size_t had = (static_cast<block*>(memory) - 1)->bytes - sizeof(block);
    void* const made = allocate(bytes, false);
    if (!made) return nullptr;
    std::memcpy(made, memory, had < bytes ? had : bytes);
    release(memory);
    return made;
}

// The library takes it as not constant, and does not change it.
inline nghttp2_mem functions{
    nullptr,
    [](std::size_t bytes, void*) noexcept { return allocate(bytes, false); },
    [](void* memory, void*) noexcept { release(memory); },
    [](std::size_t count, std::size_t bytes, void*) noexcept -> void* {
        const bool is_good = bytes == 0 || count <= (static_cast<std::size_t>(-1) / 2) / bytes;
        return is_good ? allocate(count * bytes, true) : nullptr;
    },
    [](void* memory, std::size_t bytes, void*) noexcept { return reallocate(memory, bytes); },
};

}  // namespace memory

// Owns one of the library's objects. The functions that make them fail for want of memory only.
template <class T, void (*Delete)(T*)>
class handle {
 public:
    handle() noexcept = default;
    handle(const handle&) = delete;
    handle& operator=(const handle&) = delete;
    ~handle() { reset(); }

    T* get() const noexcept { return object_; }
    explicit operator bool() const noexcept { return object_ != nullptr; }
    void reset() noexcept {
        if (object_) Delete(std::exchange(object_, nullptr));
    }
    // Make: (T**) -> int. Throws std::bad_alloc.
    template <class Make>
    void make(Make f) {
        reset();
        if (f(&object_) != 0) throw std::bad_alloc();
    }

 private:
    T* object_ = nullptr;
};

using session = handle<nghttp2_session, &nghttp2_session_del>;
using options = handle<nghttp2_option, &nghttp2_option_del>;
using callbacks = handle<nghttp2_session_callbacks, &nghttp2_session_callbacks_del>;

}  // namespace eventcore::http2_library
