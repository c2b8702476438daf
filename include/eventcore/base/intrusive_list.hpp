// A doubly linked list whose nodes are the elements: linking and unlinking allocate nothing and cannot fail.
#pragma once

#include "eventcore/base/assert.hpp"

namespace eventcore {

// Base of an element. An element is in at most one list; it leaves its list when it is destroyed.
class list_node {
 public:
    list_node() noexcept = default;
    list_node(const list_node&) = delete;
    list_node& operator=(const list_node&) = delete;
    ~list_node() { unlink(); }

    bool is_linked() const noexcept { return next_ != nullptr; }
    void unlink() noexcept {
        if (!next_) return;
        previous_->next_ = next_;
        next_->previous_ = previous_;
        next_ = previous_ = nullptr;
    }

 private:
    template <class T>
    friend class intrusive_list;
    list_node* previous_ = nullptr;  // both null (in no list) or both set
    list_node* next_ = nullptr;
};

// T derives from list_node. The list owns nothing; it must be empty or outlive its elements' links.
template <class T>
class intrusive_list {
 public:
    intrusive_list() noexcept { head_.previous_ = head_.next_ = &head_; }
    ~intrusive_list() {
        while (!empty()) head_.next_->unlink();
        head_.previous_ = head_.next_ = nullptr;
    }

    bool empty() const noexcept { return head_.next_ == &head_; }
    T& front() noexcept { return *static_cast<T*>(head_.next_); }

    void push_back(T& element) noexcept { insert_before(head_, element); }
    void push_front(T& element) noexcept { insert_before(*head_.next_, element); }
    T& pop_front() noexcept {
        EVENTCORE_ASSERT(!empty(), "pop_front of an empty list");
        T& element = front();
        static_cast<list_node&>(element).unlink();
        return element;
    }
    // Moves every element of `other` to the end of this list, in constant time.
    void splice_back(intrusive_list& other) noexcept {
        if (other.empty()) return;
        list_node* first = other.head_.next_;
        list_node* last = other.head_.previous_;
        other.head_.next_ = other.head_.previous_ = &other.head_;
        first->previous_ = head_.previous_;
        last->next_ = &head_;
        head_.previous_->next_ = first;
        head_.previous_ = last;
    }
    // Calls f(element) for each; f may unlink the element it is given, and no other.
    template <class F>
    void for_each(F&& f) {
        for (list_node* at = head_.next_; at != &head_;) {
            list_node* next = at->next_;
            f(*static_cast<T*>(at));
            at = next;
        }
    }

 private:
    void insert_before(list_node& position, T& element) noexcept {
        list_node& node = element;
        EVENTCORE_ASSERT(!node.is_linked(), "an element can be in one list only");
        node.previous_ = position.previous_;
        node.next_ = &position;
        position.previous_->next_ = &node;
        position.previous_ = &node;
    }

    list_node head_;
};

}  // namespace eventcore
