// One message to many WebSockets, on all workers.
//
//   ec::topic news;                                            // lives as long as the application
//   auto seat = news.subscribe(ws);                            // in a handler: until it leaves the scope
//   news.publish("something happened");                        // any thread
//   co_await news.publish("something happened");               // and waits (slow_consumer::wait)
//
// A message becomes a frame once, whatever the number of subscribers, and one note per worker carries it
// there. Published frames are not compressed.
#pragma once

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "eventcore/base/intrusive_list.hpp"
#include "eventcore/base/thread.hpp"
#include "eventcore/coro/context.hpp"
#include "eventcore/web/websocket.hpp"
#include "eventcore/web/websocket_frame.hpp"
#include "eventcore/web/websocket_link.hpp"

namespace eventcore {

namespace detail {

struct topic_branch;

struct topic_seat : list_node {
    websocket_core* core = nullptr;
    topic_branch* branch = nullptr;
};

// The subscribers of one worker: the list belongs to its thread.
struct topic_branch {
    explicit topic_branch(scheduler& h) noexcept : home(&h) {}
    scheduler* home;
    std::size_t count = 0;
    intrusive_list<topic_seat> seats;
};

// A message on its way. Who has not finished with it is counted; the last one tells the publisher, if it
// waits.
class publication {
 public:
    publication(frame_ref f, scheduler* publisher) noexcept
        : frame(std::move(f)), told_(*this), home_(publisher) {}

    void hold() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void drop() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }
    void begin_one() noexcept {
        hold();
        pending_.fetch_add(1, std::memory_order_relaxed);
    }
    void end_one() noexcept {
        if (pending_.fetch_sub(1, std::memory_order_acq_rel) == 1 && is_awaited_.load()) {
            hold();
            home_->post(told_);
        }
        drop();
    }
    bool is_finished() const noexcept { return pending_.load(std::memory_order_acquire) == 1; }
    // The publisher's own part ends; false: the others have ended theirs.
    bool wait() noexcept {
        is_awaited_.store(true);
        if (pending_.fetch_sub(1, std::memory_order_acq_rel) != 1) return true;
        pending_.fetch_add(1, std::memory_order_relaxed);
        is_awaited_.store(false);
        return false;
    }

    frame_ref frame;
    void (*finished)(void* waiter) noexcept = nullptr;  // on the publisher's thread
    void* waiter = nullptr;

 private:
    struct told_item : inbox_item {
        explicit told_item(publication& p) noexcept : inbox_item(&arrived), owner(p) {}
        static void arrived(inbox_item& item) noexcept {
            publication& self = static_cast<told_item&>(item).owner;
            if (self.waiter) self.finished(std::exchange(self.waiter, nullptr));
            self.drop();
        }
        publication& owner;
    };

    told_item told_;
    scheduler* home_;
    std::atomic<std::uint32_t> references_{1};
    std::atomic<std::uint32_t> pending_{1};
    std::atomic<bool> is_awaited_{false};
};

// Of a subscriber that is slow: the publisher waits for it.
class held_publication final : public websocket_sender {
 public:
    explicit held_publication(publication& p) noexcept : websocket_sender(&released), publication_(p) {
        p.begin_one();
    }

 private:
    static void released(websocket_sender& self, std::error_code) noexcept {
        publication& p = static_cast<held_publication&>(self).publication_;
        delete &static_cast<held_publication&>(self);
        p.end_one();
    }
    publication& publication_;
};

// Shared with what is on its way to other workers, which may arrive after the topic has gone.
class topic_state {
 public:
    explicit topic_state(slow_consumer policy) noexcept : policy_(policy) {}
    ~topic_state() {
        for (topic_branch* branch : branches_) delete branch;
    }
    void hold() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void drop() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

    void subscribe(topic_seat& seat, websocket_core& core);
    void unsubscribe(topic_seat& seat) noexcept;
    void publish(publication& p);
    std::size_t subscribers() noexcept {
        const lock_guard lock(mutex_);
        std::size_t sum = 0;
        for (const topic_branch* branch : branches_) sum += branch->count;
        return sum;
    }

 private:
    struct delivery final : inbox_item {
        delivery(topic_state& s, publication& p, scheduler& to) noexcept
            : inbox_item(&arrived), state(s), message(p), home(to) {
            s.hold();
            p.begin_one();
        }
        ~delivery() {
            message.end_one();
            state.drop();
        }
        static void arrived(inbox_item& item) noexcept {
            auto& self = static_cast<delivery&>(item);
            if (topic_branch* branch = self.state.branch_of(self.home))
                self.state.deliver(*branch, self.message);
            delete &self;
        }
        topic_state& state;
        publication& message;
        scheduler& home;
    };

    // On its home it stays what it is: only there it comes and goes.
    topic_branch* branch_of(const scheduler& home) noexcept {
        const lock_guard lock(mutex_);
        return find(home);
    }
    topic_branch* find(const scheduler& home) noexcept {
        for (topic_branch* branch : branches_)
            if (branch->home == &home) return branch;
        return nullptr;
    }
    void deliver(topic_branch& branch, publication& p) noexcept;
    void hold_back(websocket_core& core, publication& p) noexcept;

    std::atomic<std::uint32_t> references_{1};
    mutex mutex_;
    std::vector<topic_branch*> branches_;  // one per worker that has subscribers
    slow_consumer policy_;
};

inline void topic_state::subscribe(topic_seat& seat, websocket_core& core) {
    const lock_guard lock(mutex_);
    scheduler& home = core.ctx().home();
    topic_branch* branch = find(home);
    if (!branch) {
        branches_.reserve(branches_.size() + 1);
        branch = new topic_branch(home);
        branches_.push_back(branch);
    }
    seat.core = &core;
    seat.branch = branch;
    ++branch->count;
    branch->seats.push_back(seat);
}

inline void topic_state::unsubscribe(topic_seat& seat) noexcept {
    const lock_guard lock(mutex_);
    topic_branch* const branch = seat.branch;
    seat.unlink();
    if (--branch->count > 0) return;
    for (topic_branch*& each : branches_)
        if (each == branch) std::swap(each, branches_.back());
    branches_.pop_back();
    delete branch;
}

inline void topic_state::publish(publication& p) {
    topic_branch* here = nullptr;
    {
        const lock_guard lock(mutex_);
        for (topic_branch* branch : branches_) {
            if (branch->home == scheduler::current())
                here = branch;
            else
                branch->home->post(*new delivery(*this, p, *branch->home));
        }
    }
    if (here) deliver(*here, p);
}

inline void topic_state::deliver(topic_branch& branch, publication& p) noexcept {
    branch.seats.for_each([&](topic_seat& seat) {
        if (!seat.core->is_open()) return;
        const bool taken = queue_unawaited(*seat.core, p.frame.view(), policy_);
        if (taken && policy_ == slow_consumer::wait) hold_back(*seat.core, p);
    });
}

inline void topic_state::hold_back(websocket_core& core, publication& p) noexcept {
    if (core.may_go_on_sending()) return;
    try {
        auto* held = new held_publication(p);
        try {
            core.wait_to_send(*held);
        } catch (...) {
            held->woken(*held, errc::overloaded);
        }
    } catch (...) {  // no memory: nobody waits
        core.count_full_queue();
    }
}

}  // namespace detail

class topic {
 public:
    class subscription;
    class publish_operation;

    explicit topic(slow_consumer policy = slow_consumer::drop) : state_(new detail::topic_state(policy)) {}
    topic(const topic&) = delete;
    topic& operator=(const topic&) = delete;
    ~topic() { state_->drop(); }

    // What is published from now on goes to `ws`, as long as the subscription lives: it must end with the
    // handler, as a local variable does.
    [[nodiscard]] subscription subscribe(const websocket& ws);

    // Any thread. Awaited, by a coroutine, it waits for subscribers that are slow, where that is the policy.
    publish_operation publish(std::string_view text);
    publish_operation publish_binary(std::string_view bytes);

    // Any thread: about how many there are.
    std::size_t subscribers() const noexcept { return state_->subscribers(); }

 private:
    detail::topic_state* state_;
};

class topic::subscription {
 public:
    subscription(detail::topic_state& state, const websocket& ws) : state_(state) {
        state_.subscribe(seat_, ws.core());
        state_.hold();
    }
    subscription(const subscription&) = delete;
    subscription& operator=(const subscription&) = delete;
    ~subscription() {
        state_.unsubscribe(seat_);
        state_.drop();
    }

 private:
    detail::topic_state& state_;
    detail::topic_seat seat_;
};

class topic::publish_operation : public suspension {
 public:
    publish_operation(detail::topic_state& state, websockets::opcode code, std::string_view payload)
        : suspension(&cancelled),
          message_(new detail::publication(detail::frame_ref(detail::shared_frame::make(code, payload)),
                                           scheduler::current())) {
        state.publish(*message_);
    }
    ~publish_operation() {
        message_->waiter = nullptr;
        message_->drop();
    }

    bool await_ready() const noexcept { return message_->is_finished(); }
    bool await_suspend(std::coroutine_handle<> coroutine) noexcept {
        if (!suspend(coroutine)) return false;
        message_->finished = &finished;
        message_->waiter = this;
        if (!message_->wait()) finished(std::exchange(message_->waiter, nullptr));
        return true;
    }
    // False: the wait was cancelled.
    bool await_resume() const noexcept { return !error(); }

 private:
    static void finished(void* waiter) noexcept { static_cast<publish_operation*>(waiter)->complete(); }
    static void cancelled(suspension& self, std::error_code reason) noexcept {
        auto& operation = static_cast<publish_operation&>(self);
        operation.message_->waiter = nullptr;
        operation.complete(reason);
    }
    detail::publication* message_;
};

inline topic::subscription topic::subscribe(const websocket& ws) { return subscription(*state_, ws); }
inline topic::publish_operation topic::publish(std::string_view text) {
    return publish_operation(*state_, websockets::opcode::text, text);
}
inline topic::publish_operation topic::publish_binary(std::string_view bytes) {
    return publish_operation(*state_, websockets::opcode::binary, bytes);
}

}  // namespace eventcore
