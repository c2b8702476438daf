// result<T>: a value, or the std::error_code that says why there is none. Used for ordinary failures; bugs
// assert, and a handler may throw (docs/architecture.md).
#pragma once

#include <new>
#include <type_traits>
#include <utility>

#include "eventcore/base/assert.hpp"
#include "eventcore/base/error.hpp"

namespace eventcore {

template <class T = void>
class [[nodiscard]] result {
 public:
    using value_type = T;

    result(T value) noexcept(std::is_nothrow_move_constructible_v<T>) : has_value_(true) {
        ::new (static_cast<void*>(&value_)) T(std::move(value));
    }
    result(std::error_code error) noexcept : error_(error), has_value_(false) {
        EVENTCORE_ASSERT(error, "a failed result needs an error");
    }
    result(errc error) noexcept : result(make_error_code(error)) {}

    result(result&& other) noexcept(std::is_nothrow_move_constructible_v<T>) : has_value_(other.has_value_) {
        construct(std::move(other));
    }
    result(const result& other) : has_value_(other.has_value_) { construct(other); }
    result& operator=(result other) noexcept(std::is_nothrow_move_constructible_v<T>) {
        destroy();
        has_value_ = other.has_value_;
        construct(std::move(other));
        return *this;
    }
    ~result() { destroy(); }

    bool has_value() const noexcept { return has_value_; }
    explicit operator bool() const noexcept { return has_value_; }

    // Only when has_value().
    T& operator*() & noexcept { return checked(); }
    const T& operator*() const& noexcept { return const_cast<result*>(this)->checked(); }
    T&& operator*() && noexcept { return std::move(checked()); }
    T* operator->() noexcept { return &checked(); }
    const T* operator->() const noexcept { return &const_cast<result*>(this)->checked(); }

    // The value; throws std::system_error when there is none.
    T& value() & { return throw_unless_value(), value_; }
    const T& value() const& { return throw_unless_value(), value_; }
    T&& value() && { return throw_unless_value(), std::move(value_); }

    template <class U>
    T value_or(U&& fallback) const& {
        return has_value_ ? value_ : static_cast<T>(std::forward<U>(fallback));
    }

    // The reason; an empty code when there is a value.
    std::error_code error() const noexcept { return has_value_ ? std::error_code{} : error_; }

 private:
    T& checked() noexcept {
        EVENTCORE_ASSERT(has_value_, "the value of a failed result was used");
        return value_;
    }
    void throw_unless_value() const {
        if (!has_value_) throw std::system_error(error_);
    }
    template <class Other>
    void construct(Other&& other) {
        if (has_value_)
            ::new (static_cast<void*>(&value_)) T(std::forward<Other>(other).value_);
        else
            ::new (static_cast<void*>(&error_)) std::error_code(other.error_);
    }
    void destroy() noexcept {
        if (has_value_) value_.~T();
    }

    union {
        T value_;
        std::error_code error_;
    };
    bool has_value_;
};

template <>
class [[nodiscard]] result<void> {
 public:
    using value_type = void;

    result() noexcept = default;
    result(std::error_code error) noexcept : error_(error) {}
    result(errc error) noexcept : error_(make_error_code(error)) {}

    bool has_value() const noexcept { return !error_; }
    explicit operator bool() const noexcept { return !error_; }
    void value() const {
        if (error_) throw std::system_error(error_);
    }
    std::error_code error() const noexcept { return error_; }

 private:
    std::error_code error_;
};

}  // namespace eventcore
