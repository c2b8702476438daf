// Compressing and expanding messages with zlib. Of the component eventcore::compression, which links it:
//
//     ec::get<"/chat">({.deflate = {.codec = &ec::websockets::zlib()}}, handler)
//
// A context that is not taken over from message to message lives as long as one; its memory comes from the
// thread's recycler.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "eventcore/base/recycler.hpp"
#include "eventcore/http/websocket/deflate.hpp"

namespace eventcore::websockets {

namespace detail {

struct zlib_block {
    std::size_t bytes;
    std::size_t unused;
};
inline void* zlib_allocate(void*, unsigned count, unsigned size) noexcept {
    try {
        const std::size_t bytes = sizeof(zlib_block) + std::size_t{count} * size;
        auto* block = static_cast<zlib_block*>(recycler::allocate(bytes));
        block->bytes = bytes;
        return block + 1;
    } catch (...) {
        return nullptr;
    }
}
inline void zlib_free(void*, void* memory) noexcept {
    auto* block = static_cast<zlib_block*>(memory) - 1;
    recycler::deallocate(block, block->bytes);
}
inline Bytef* zlib_bytes(const char* text) noexcept {
    return reinterpret_cast<Bytef*>(const_cast<char*>(text));
}
inline constexpr std::string_view flush_tail{"\0\0\xff\xff", 4};  // what a sender leaves out (7.2.1)

class expander {
 public:
    expander() noexcept = default;
    expander(const expander&) = delete;
    expander& operator=(const expander&) = delete;
    ~expander() { end(); }

    // Appends the message to `out`, at most `bytes_max` bytes of it.
    expand_status expand(std::string_view message, byte_buffer& out, std::size_t bytes_max,
                         unsigned window_bits, bool keeps_context) {
        if (!begin(window_bits)) return expand_status::no_memory;
        std::size_t room = bytes_max;
        expand_status status = add(message, out, room);
        if (status == expand_status::ok) status = add(flush_tail, out, room);
        if (status != expand_status::ok || !keeps_context) end();
        return status;
    }

 private:
    static constexpr std::size_t step_bytes = 4096;

    bool begin(unsigned window_bits) noexcept {
        if (has_begun_) return true;
        stream_ = {};
        stream_.zalloc = &zlib_allocate;
        stream_.zfree = &zlib_free;
        has_begun_ = inflateInit2(&stream_, -static_cast<int>(window_bits)) == Z_OK;
        return has_begun_;
    }
    void end() noexcept {
        if (has_begun_) inflateEnd(&stream_);
        has_begun_ = false;
    }
    expand_status add(std::string_view bytes, byte_buffer& out, std::size_t& room) {
        while (!bytes.empty()) {
            constexpr std::size_t piece_max = 1U << 30;
            const std::size_t piece = bytes.size() < piece_max ? bytes.size() : piece_max;
            stream_.next_in = zlib_bytes(bytes.data());
            stream_.avail_in = static_cast<uInt>(piece);
            const expand_status status = expand_piece(out, room);
            if (status != expand_status::ok) return status;
            bytes.remove_prefix(piece);
        }
        return expand_status::ok;
    }
    // Ends with output to spare, since zlib may hold some back when there is none.
    expand_status expand_piece(byte_buffer& out, std::size_t& room) {
        do {
            char* const to = out.prepare(step_bytes);
            stream_.next_out = zlib_bytes(to);
            stream_.avail_out = step_bytes;
            const int outcome = inflate(&stream_, Z_SYNC_FLUSH);
            const std::size_t made = step_bytes - stream_.avail_out;
            if (made > room) return expand_status::too_large;
            room -= made;
            out.commit(made);
            if (outcome == Z_MEM_ERROR) return expand_status::no_memory;
            // A final block (7.2.3.4): what follows begins anew.
            if (outcome == Z_STREAM_END)
                inflateReset(&stream_);
            else if (outcome != Z_OK && outcome != Z_BUF_ERROR)
                return expand_status::malformed;
        } while (stream_.avail_in > 0 || stream_.avail_out == 0);
        return expand_status::ok;
    }

    z_stream stream_{};
    bool has_begun_ = false;
};

class compressor {
 public:
    compressor() noexcept = default;
    compressor(const compressor&) = delete;
    compressor& operator=(const compressor&) = delete;
    ~compressor() { end(); }

    // Appends the compressed message to `out`. False: there was no memory, or it would not get smaller; send
    // it as it is. (A context that is kept has then been told nothing wrong: it begins anew.)
    bool compress(std::string_view message, byte_buffer& out, unsigned window_bits, int level,
                  bool keeps_context) {
        if (message.size() > (1U << 30) || !begin(window_bits, level, message.size(), keeps_context))
            return false;
        const std::size_t before = out.size();
        const std::size_t most = deflateBound(&stream_, static_cast<uLong>(message.size())) + 16;
        char* const to = out.prepare(most);
        stream_.next_in = zlib_bytes(message.data());
        stream_.avail_in = static_cast<uInt>(message.size());
        stream_.next_out = zlib_bytes(to);
        stream_.avail_out = static_cast<uInt>(most);
        const bool is_done = deflate(&stream_, Z_SYNC_FLUSH) == Z_OK && stream_.avail_in == 0;
        std::size_t made = most - stream_.avail_out;
        const bool has_tail = made >= 4 && std::string_view(to + made - 4, 4) == flush_tail;
        if (has_tail) made -= 4;
        const bool is_good = is_done && has_tail && made < message.size();
        if (!keeps_context || !is_good) end();
        if (is_good) out.commit(made);
        if (!is_good) out.truncate(before);
        return is_good;
    }

 private:
    // A context for one short message need not be able to look back further than that.
    bool begin(unsigned window_bits, int level, std::size_t message_bytes, bool keeps_context) noexcept {
        if (has_begun_) return true;
        int memory_level = 8;
        while (!keeps_context && window_bits > 9 && message_bytes <= (std::size_t{1} << (window_bits - 1)))
            --window_bits, memory_level -= memory_level > 3;
        stream_ = {};
        stream_.zalloc = &zlib_allocate;
        stream_.zfree = &zlib_free;
        has_begun_ = deflateInit2(&stream_, level, Z_DEFLATED, -static_cast<int>(window_bits), memory_level,
                                  Z_DEFAULT_STRATEGY) == Z_OK;
        return has_begun_;
    }
    void end() noexcept {
        if (has_begun_) deflateEnd(&stream_);
        has_begun_ = false;
    }

    z_stream stream_{};
    bool has_begun_ = false;
};

}  // namespace detail

class zlib_codec final : public message_codec {
 public:
    expand_status expand(void*& context, std::string_view message, byte_buffer& out, std::size_t bytes_max,
                         unsigned window_bits, bool keeps_context) const override {
        if (!keeps_context) {
            detail::expander once;
            return once.expand(message, out, bytes_max, window_bits, false);
        }
        if (!context) context = new detail::expander;
        return static_cast<detail::expander*>(context)->expand(message, out, bytes_max, window_bits, true);
    }
    bool compress(void*& context, std::string_view message, byte_buffer& out, unsigned window_bits, int level,
                  bool keeps_context) const override {
        if (!keeps_context) {
            detail::compressor once;
            return once.compress(message, out, window_bits, level, false);
        }
        if (!context) context = new detail::compressor;
        return static_cast<detail::compressor*>(context)->compress(message, out, window_bits, level, true);
    }
    void free_contexts(void* expander, void* compressor) const noexcept override {
        delete static_cast<detail::expander*>(expander);
        delete static_cast<detail::compressor*>(compressor);
    }
};

inline const message_codec& zlib() noexcept {
    static constexpr zlib_codec codec;
    return codec;
}

}  // namespace eventcore::websockets
