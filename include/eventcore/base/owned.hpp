// A pointer that deletes what it points to: std::unique_ptr without its deleter, its arrays and the <ostream>
// that libstdc++ brings with it, which is 0.1 s in every file.
#pragma once

#include <type_traits>
#include <utility>

namespace eventcore {

template <class T>
class owned {
 public:
    owned() noexcept = default;
    explicit owned(T* object) noexcept : object_(object) {}
    owned(owned&& other) noexcept : object_(other.release()) {}
    template <class U>
        requires std::is_convertible_v<U*, T*>
    owned(owned<U>&& other) noexcept : object_(other.release()) {}
    owned& operator=(owned&& other) noexcept {
        if (this != &other) delete std::exchange(object_, other.release());
        return *this;
    }
    ~owned() { delete object_; }

    T* get() const noexcept { return object_; }
    T& operator*() const noexcept { return *object_; }
    T* operator->() const noexcept { return object_; }
    explicit operator bool() const noexcept { return object_ != nullptr; }
    void reset() noexcept { delete release(); }
    [[nodiscard]] T* release() noexcept { return std::exchange(object_, nullptr); }

 private:
    T* object_ = nullptr;
};

template <class T, class... Args>
owned<T> make_owned(Args&&... args) {
    return owned<T>(new T(std::forward<Args>(args)...));
}

}  // namespace eventcore
