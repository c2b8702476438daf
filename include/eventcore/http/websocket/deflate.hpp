// What compresses messages (RFC 7692, section 7.2): zlib_deflate.hpp has one, of the component
// eventcore::compression.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "eventcore/base/byte_buffer.hpp"

namespace eventcore::websockets {

enum class expand_status : std::uint8_t { ok, too_large, malformed, no_memory };

// Shared by all connections; what belongs to one is in its two contexts, which begin as null and are freed by
// free_contexts(). A context that is not kept from message to message is null again after each.
class message_codec {
 public:
    // Appends the message to `out`, at most `bytes_max` bytes of it.
    virtual expand_status expand(void*& context, std::string_view message, byte_buffer& out,
                                 std::size_t bytes_max, unsigned window_bits, bool keeps_context) const = 0;
    // Appends the compressed message to `out`. False: it would not get smaller, or there was no memory; it is
    // to be sent as it is.
    virtual bool compress(void*& context, std::string_view message, byte_buffer& out, unsigned window_bits,
                          int level, bool keeps_context) const = 0;
    virtual void free_contexts(void* expander, void* compressor) const noexcept = 0;

 protected:
    ~message_codec() = default;
};

}  // namespace eventcore::websockets
