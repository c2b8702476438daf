// A few objects that never move, in the order they were made. For what a program has a handful of: workers,
// listeners, threads. (A std::vector of std::unique_ptr says the same in ten times the code to compile.)
#pragma once

#include <cstddef>
#include <utility>

#include "eventcore/base/assert.hpp"

namespace eventcore {

template <class T>
class owning_list {
    struct node {
        template <class... Args>
        explicit node(Args&&... args) : value(std::forward<Args>(args)...) {}
        T value;
        node* next = nullptr;
    };

 public:
    class iterator {
     public:
        explicit iterator(node* at) noexcept : at_(at) {}
        T& operator*() const noexcept { return at_->value; }
        iterator& operator++() noexcept { return at_ = at_->next, *this; }
        bool operator==(const iterator& other) const noexcept { return at_ == other.at_; }

     private:
        node* at_;
    };

    owning_list() noexcept = default;
    owning_list(const owning_list&) = delete;
    owning_list& operator=(const owning_list&) = delete;
    ~owning_list() { clear(); }

    template <class... Args>
    T& emplace_back(Args&&... args) {
        node* made = new node(std::forward<Args>(args)...);
        (last_ ? last_->next : first_) = made;
        last_ = made;
        ++size_;
        return made->value;
    }
    // Destroys them in the order they were made.
    void clear() noexcept {
        while (first_) {
            node* next = first_->next;
            delete first_;
            first_ = next;
        }
        last_ = nullptr;
        size_ = 0;
    }

    bool empty() const noexcept { return first_ == nullptr; }
    std::size_t size() const noexcept { return size_; }
    T& front() const noexcept {
        EVENTCORE_ASSERT(first_, "the front of an empty list");
        return first_->value;
    }
    iterator begin() const noexcept { return iterator(first_); }
    iterator end() const noexcept { return iterator(nullptr); }

 private:
    node* first_ = nullptr;
    node* last_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace eventcore
