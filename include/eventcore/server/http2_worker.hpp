// What one worker keeps for its HTTP/2 connections: the library's settings, buffers that are used in turn,
// and the streams that are recycled.
#pragma once

#include <cstddef>
#include <cstdint>

#include "eventcore/base/byte_buffer.hpp"
#include "eventcore/base/plain_vector.hpp"
#include "eventcore/server/connection_host.hpp"
#include "eventcore/server/http2_library.hpp"
#include "eventcore/server/http2_service.hpp"
#include "eventcore/server/http2_stream.hpp"

namespace eventcore {

class http2_worker final : public http2_service {
 public:
    static constexpr std::size_t buffer_bytes = 64 * 1024;

    explicit http2_worker(connection_host& host);
    http2_worker(const http2_worker&) = delete;
    http2_worker& operator=(const http2_worker&) = delete;
    ~http2_worker() override {
        while (free_) {
            http2_stream* next = free_->next_free;
            delete free_;
            free_ = next;
        }
    }

    protocol_session& open_session() override;

    connection_host& host() const noexcept { return host_; }
    const nghttp2_session_callbacks* callbacks() const noexcept { return callbacks_.get(); }
    const nghttp2_option* options() const noexcept { return options_.get(); }

    // Where the connection whose turn it is receives, and where it puts together what it sends. Made when the
    // first connection comes.
    char* input() { return input_.prepare(buffer_bytes); }
    byte_buffer& output() {
        if (output_.capacity() == 0) output_.prepare(buffer_bytes);
        return output_;
    }
    // What was put together for a connection that is broken must not reach another.
    void drop_output() noexcept { output_.clear(); }
    plain_vector<nghttp2_nv>& lines() noexcept { return lines_; }

    http2_stream& take() {
        http2_stream* taken = free_;
        if (!taken) return *new http2_stream(host_);
        free_ = taken->next_free;
        --free_count_;
        return *taken;
    }
    // Frees what the request holds, a handler that still runs included.
    void give_back(http2_stream& s) noexcept {
        host_.handler_ended(s.is_counted);
        s.end();
        if (free_count_ >= kept_count_max) {
            delete &s;
            return;
        }
        s.next_free = free_;
        free_ = &s;
        ++free_count_;
    }

 private:
    static constexpr std::size_t kept_count_max = 1024;  // some 4 KiB each

    connection_host& host_;
    http2_library::callbacks callbacks_;
    http2_library::options options_;
    byte_buffer input_;
    byte_buffer output_;
    plain_vector<nghttp2_nv> lines_;
    http2_stream* free_ = nullptr;
    std::size_t free_count_ = 0;
};

}  // namespace eventcore
