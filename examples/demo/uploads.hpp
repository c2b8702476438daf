// What is known of the uploads in progress: shared by the workers, so it has a lock; bounded, because
// strangers fill it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

// CRC-32 as in gzip and PNG.
class crc32 {
 public:
    void update(std::string_view bytes) noexcept {
        for (char c : bytes) state_ = table[(state_ ^ static_cast<unsigned char>(c)) & 255U] ^ (state_ >> 8);
    }
    std::string text() const {
        std::string hex;
        for (int shift = 28; shift >= 0; shift -= 4) hex += "0123456789abcdef"[(~state_ >> shift) & 15U];
        return hex;
    }

 private:
    static constexpr auto table = [] {
        std::array<std::uint32_t, 256> made{};
        for (std::uint32_t n = 0; n < 256; ++n) {
            made[n] = n;
            for (int bit = 0; bit < 8; ++bit) made[n] = made[n] >> 1 ^ (made[n] & 1U ? 0xedb88320U : 0U);
        }
        return made;
    }();
    std::uint32_t state_ = ~std::uint32_t{0};
};

struct upload_progress {
    std::uint64_t bytes = 0;
    std::uint64_t pieces = 0;
    std::optional<std::string> crc32 = {};  // once complete
};

class upload_ledger {
 public:
    void record(std::uint64_t id, const upload_progress& progress) {
        const std::lock_guard lock(changing_);
        if (by_id_.size() >= uploads_max && !by_id_.contains(id)) by_id_.clear();
        by_id_[id] = progress;
    }
    std::optional<upload_progress> find(std::uint64_t id) const {
        const std::lock_guard lock(changing_);
        const auto found = by_id_.find(id);
        return found == by_id_.end() ? std::nullopt : std::optional(found->second);
    }

 private:
    static constexpr std::size_t uploads_max = 64;
    mutable std::mutex changing_;
    std::map<std::uint64_t, upload_progress> by_id_;
};
