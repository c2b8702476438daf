// Bytes that end where readable memory ends: whoever reads one byte too many is stopped by the kernel.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <string_view>

class guarded_text {
 public:
    explicit guarded_text(std::string_view text) : size_(text.size()) {
        const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        const std::size_t pages = (size_ + page - 1) / page;
        mapped_ = (pages + 1) * page;
        void* memory = ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) throw "mmap failed";
        base_ = static_cast<char*>(memory);
        char* const guard = base_ + pages * page;
        if (::mprotect(guard, page, PROT_NONE) != 0) throw "mprotect failed";
        data_ = guard - size_;
        if (size_ != 0) std::memcpy(data_, text.data(), size_);
    }
    guarded_text(const guarded_text&) = delete;
    guarded_text& operator=(const guarded_text&) = delete;
    ~guarded_text() { ::munmap(base_, mapped_); }

    const char* data() const { return data_; }
    const char* end() const { return data_ + size_; }
    std::size_t size() const { return size_; }
    std::string_view view() const { return {data_, size_}; }

 private:
    std::size_t size_;
    std::size_t mapped_ = 0;
    char* base_ = nullptr;
    char* data_ = nullptr;
};
