// A callable borrowed for the length of one call: two pointers, no allocation, never stored.
#pragma once

#include <type_traits>
#include <utility>

namespace eventcore {

template <class Signature>
class function_ref;

template <class R, class... Args>
class function_ref<R(Args...)> {
 public:
    template <class F>
        requires(!std::is_same_v<std::remove_cvref_t<F>, function_ref> &&
                 std::is_invocable_r_v<R, F&, Args...>)
    function_ref(F&& f) noexcept
        : object_(address_of(f)), call_([](void* object, Args... args) -> R {
              // A function is its own pointee; POSIX lets its address pass through void*.
              auto& callee = *reinterpret_cast<std::remove_reference_t<F>*>(object);
              if constexpr (std::is_void_v<R>)
                  static_cast<void>(callee(std::forward<Args>(args)...));
              else
                  return callee(std::forward<Args>(args)...);
          }) {}

    R operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

 private:
    template <class F>
    static void* address_of(F& f) noexcept {
        if constexpr (std::is_function_v<F>)
            return reinterpret_cast<void*>(&f);
        else
            return const_cast<void*>(static_cast<const void*>(__builtin_addressof(f)));
    }

    void* object_;
    R (*call_)(void*, Args...);
};

}  // namespace eventcore
