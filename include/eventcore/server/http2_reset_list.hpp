// The streams that the server has reset, for as long as the client may not have heard of it: what it had on
// its way for them is no mistake (RFC 9113, 5.1).
#pragma once

#include <cstddef>
#include <cstdint>

#include "eventcore/base/plain_vector.hpp"

namespace eventcore {

// Holds the last `most` of them; takes no memory before the first.
class http2_reset_list {
 public:
    explicit http2_reset_list(std::size_t most) noexcept : most_(most < count_max ? most : count_max) {}

    bool has(std::int32_t stream) noexcept { return find(stream) != nullptr; }
    // Where there is no memory to remember it, late frames are taken for mistakes.
    void add(std::int32_t stream) noexcept {
        if (std::int32_t* const unused = find(forgotten)) {
            *unused = stream;
        } else if (streams_.size() < most_) {
            try {
                streams_.push_back(stream);
            } catch (...) {
            }
        } else {
            streams_[oldest_++ % most_] = stream;
        }
    }
    // The client has ended it as well: nothing can be on its way any more.
    void remove(std::int32_t stream) noexcept {
        if (std::int32_t* const found = find(stream)) *found = forgotten;
    }

 private:
    static constexpr std::size_t count_max = 1024;
    static constexpr std::int32_t forgotten = 0;

    std::int32_t* find(std::int32_t stream) noexcept {
        for (std::int32_t& id : streams_)
            if (id == stream) return &id;
        return nullptr;
    }

    plain_vector<std::int32_t> streams_;
    std::size_t most_;
    std::size_t oldest_ = 0;
};

}  // namespace eventcore
