// An object that knows how many of its kind live, and notices when one is destroyed twice.
#pragma once

#include <memory>
#include <utility>

namespace eventcore::test {

class counted {
 public:
    explicit counted(int v = 0) : value_(std::make_unique<int>(v)) { ++alive; }
    counted(counted&& other) noexcept : value_(std::move(other.value_)) { ++alive; }
    counted(const counted& other) : value_(std::make_unique<int>(*other.value_)) { ++alive; }
    counted& operator=(counted&& other) noexcept = default;
    ~counted() { --alive; }
    int value() const { return *value_; }

    inline static int alive = 0;

 private:
    std::unique_ptr<int> value_;
};

}  // namespace eventcore::test
