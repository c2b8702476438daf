// Tells where responses end, as cheaply as possible: heads that are as long as the one before, and begin
// alike, are not read again. Responses need a Content-Length and status 200.
#pragma once

#include <strings.h>
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "options.hpp"

namespace generator {

class response_reader {
 public:
    // How many responses ended in `bytes`.
    std::size_t consume(std::string_view bytes) {
        std::size_t complete = 0;
        while (!bytes.empty()) {
            if (in_body_) {
                const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, bytes.size()));
                bytes.remove_prefix(part);
                body_left_ -= part;
            } else if (!take_head(bytes)) {
                break;
            }
            if (in_body_ && body_left_ == 0) ++complete, in_body_ = false;
        }
        return complete;
    }
    // Bytes that need not be looked at.
    std::uint64_t body_left() const { return in_body_ ? body_left_ : 0; }
    // Of `count` content bytes that were dropped unseen. True: the response has ended.
    bool skip(std::uint64_t count) {
        body_left_ -= count;
        in_body_ = body_left_ > 0;
        return !in_body_;
    }
    void reset() { in_body_ = false, partial_.clear(); }

 private:
    static constexpr std::string_view ok = "HTTP/1.1 200";

    bool take_head(std::string_view& bytes) {
        if (partial_.empty() && known_head_ > 0 && bytes.size() >= known_head_ && bytes.starts_with(ok) &&
            std::memcmp(bytes.data() + known_head_ - 4, "\r\n\r\n", 4) == 0) {
            bytes.remove_prefix(known_head_);
            begin_body(known_body_);
            return true;
        }
        const std::size_t before = partial_.size();
        partial_.append(bytes);
        const std::size_t end = partial_.find("\r\n\r\n");
        if (end == std::string::npos) return false;
        partial_.resize(end + 4);
        bytes.remove_prefix(partial_.size() - before);
        read_head();
        partial_.clear();
        return true;
    }
    void read_head() {
        if (!partial_.starts_with(ok)) fail("not 200:", partial_);
        for (std::size_t line = partial_.find("\r\n"); line != std::string::npos;
             line = partial_.find("\r\n", line + 2)) {
            constexpr std::string_view name = "Content-Length:";
            const char* field = partial_.c_str() + line + 2;
            if (strncasecmp(field, name.data(), name.size()) != 0) continue;
            known_head_ = partial_.size();
            known_body_ = std::strtoull(field + name.size(), nullptr, 10);
            return begin_body(known_body_);
        }
        fail("no Content-Length:", partial_);
    }
    void begin_body(std::uint64_t length) { in_body_ = true, body_left_ = length; }

    bool in_body_ = false;
    std::uint64_t body_left_ = 0;
    std::size_t known_head_ = 0;
    std::uint64_t known_body_ = 0;
    std::string partial_;
};

}  // namespace generator
