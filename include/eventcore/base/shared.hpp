// A pointer that several hold, on any thread; the last one deletes. The count is in the object, so that
// <memory> stays out of every file that includes a server.
#pragma once

#include <atomic>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace eventcore {

// What shared<T> points to.
class reference_counted {
 public:
    reference_counted(const reference_counted&) = delete;
    reference_counted& operator=(const reference_counted&) = delete;

 protected:
    reference_counted() noexcept = default;
    virtual ~reference_counted() = default;

 private:
    template <class T>
    friend class shared;
    void hold() const noexcept { holders_.fetch_add(1, std::memory_order_relaxed); }
    void let_go() const noexcept {
        if (holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

    mutable std::atomic<std::uint32_t> holders_{0};
};

template <class T>
class shared {
 public:
    shared() noexcept = default;
    explicit shared(T* object) noexcept : object_(object) { hold(); }
    shared(const shared& other) noexcept : object_(other.get()) { hold(); }
    shared(shared&& other) noexcept : object_(other.release()) {}
    template <class U>
        requires std::is_convertible_v<U*, T*>
    shared(const shared<U>& other) noexcept : object_(other.get()) {
        hold();
    }
    shared& operator=(shared other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~shared() {
        if (object_) counted().let_go();
    }

    T* get() const noexcept { return object_; }
    T& operator*() const noexcept { return *object_; }
    T* operator->() const noexcept { return object_; }
    explicit operator bool() const noexcept { return object_ != nullptr; }

 private:
    T* release() noexcept { return std::exchange(object_, nullptr); }
    const reference_counted& counted() const noexcept { return *object_; }
    void hold() const noexcept {
        if (object_) counted().hold();
    }

    T* object_ = nullptr;
};

template <class T, class... Args>
shared<T> make_shared(Args&&... args) {
    return shared<T>(new T(std::forward<Args>(args)...));
}

}  // namespace eventcore
