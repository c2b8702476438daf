// The server's own code under thousands of schedules: a busy application, clients of all manners, a network
// that cuts and delays, and, in the second half, everything that can break. EVENTCORE_SEEDS=1000000 runs for
// longer, EVENTCORE_SEED=17 runs one seed.
#include <vector>

#include "catch.hpp"
#include "eventcore/testing/allocations.hpp"
#include "eventcore/testing/for_each_seed.hpp"
#include "testing/busy_application.hpp"

namespace ec = eventcore;
using namespace std::chrono_literals;
using ec::testing::simulation;

namespace {

// A client with its questions, and what it does besides asking them.
class visitor {
 public:
    visitor(simulation& sim, ec::testing::random_source& random)
        : client_(sim.connect()), random_(random), sim_(sim) {
        const std::size_t count = random.between(std::size_t{1}, std::size_t{8});
        for (std::size_t i = 0; i < count; ++i) questions_.push_back(busy::any_question(random));
        manner_ = random.below(10);
    }

    // The next of its requests, alone or several in one go; then perhaps something else.
    void act() {
        std::string bytes;
        const std::size_t most = random_.below(3) ? 1 : questions_.size();
        for (std::size_t i = 0; i < most && asked_ < questions_.size(); ++i, ++asked_)
            client_.send_request(questions_[asked_].bytes, questions_[asked_].is_head);
        switch (manner_) {
            case 0: client_.pause(); break;
            case 1: client_.resume(); break;
            case 2:
                if (asked_ == questions_.size()) client_.finish_sending();
                break;
            case 3:
                if (random_.below(4) == 0) leave();
                break;
            default: break;
        }
        if (manner_ == 0) manner_ = 1;
    }
    void read_on() { client_.resume(); }
    bool has_left() const { return has_left_; }
    std::size_t asked_count() const { return asked_; }
    bool is_done() { return has_left_ || (asked_ == questions_.size() && client_.is_settled()); }
    ec::testing::client& client() { return client_; }

    // In order, each the right one, none too many.
    void check(bool may_fail) {
        const auto& answers = client_.answers();
        sim_.expect(answers.size() <= asked_, "an answer that nobody asked for");
        for (std::size_t i = 0; i < answers.size(); ++i) {
            const busy::question& q = questions_[i];
            const auto& a = answers[i];
            const bool is_excused =
                may_fail && q.may_fail && (a.status == 500 || a.status == 503 || a.status == 507);
            if (is_excused) continue;
            sim_.expect(a.status == q.status, "the status of " + q.bytes.substr(0, 40));
            sim_.expect(q.content == "?" || a.content == q.content,
                        "the content of " + q.bytes.substr(0, 40) + "; is: " + a.content.substr(0, 60) +
                            "; should be: " + q.content.substr(0, 60));
        }
    }
    void check_complete() {
        if (has_left_) return;
        sim_.expect(client_.answers().size() == questions_.size(), "an answer is missing: " + story());
    }
    // What was asked and what came.
    std::string story() {
        std::string text;
        for (const busy::question& q : questions_) text += q.bytes.substr(0, q.bytes.find(" HTTP")) + "; ";
        for (const auto& a : client_.answers()) text += std::to_string(a.status) + ' ';
        return text;
    }

 private:
    void leave() {
        has_left_ = true;
        random_.below(2) ? client_.close() : client_.reset();
    }

    ec::testing::client client_;
    ec::testing::random_source& random_;
    simulation& sim_;
    std::vector<busy::question> questions_;
    std::size_t asked_ = 0;
    std::size_t manner_ = 0;
    bool has_left_ = false;
};

ec::server_options patient_options() {
    ec::server_options options;
    options.header_timeout = 60s;  // the slowest peers of the simulation are slower than the default allows
    options.read_buffer_bytes = 2048;
    return options;
}

void visit(simulation& sim, std::vector<visitor>& visitors, ec::testing::random_source& random) {
    const std::size_t count = random.between(std::size_t{1}, std::size_t{6});
    visitors.reserve(count);
    for (std::size_t i = 0; i < count; ++i) visitors.emplace_back(sim, random);
    for (std::size_t i = 0; i < 10 * count; ++i) {
        visitor& v = visitors[random.below(count)];
        if (!v.has_left()) v.act();
        sim.advance(random.between(ec::duration(0), 50ms));
    }
    for (visitor& v : visitors) {
        const ec::time_point asked = sim.now();
        while (!v.has_left() && !v.is_done() && !v.client().is_over()) {
            v.act();
            v.read_on();
            sim.advance(random.between(ec::duration(0), 20s));
            sim.expect(sim.now() - asked < 10min, "a client is neither answered nor let go: " + v.story());
        }
    }
}

// Nothing stays: no connection, no descriptor, and by the next seed no memory.
void check_end(simulation& sim) {
    const auto is_over = [&] {
        return sim.counters().connections_closed.read() == sim.counters().connections_accepted.read();
    };
    sim.expect(sim.run_until(is_over, 10min), "a connection does not end");
    const ec::time_point asked = sim.now();
    sim.expect(sim.drain(), "the drain does not end");
    sim.expect(sim.now() - asked < 1s, "an idle server drains at once");
    sim.expect(sim.open_descriptors() == 0, "a descriptor is left open");
}

// What is allocated when a seed begins, which is the same for all of them.
class leak_check {
 public:
    void begin(simulation& sim) {
        ec::recycler::release_thread_cache();
        const std::int64_t live = ec::testing::heap().live();
        if (runs_++ == 1) expected_ = live;  // the first seed warms up what lives for ever
        sim.expect(runs_ <= 2 || live == expected_, "the seed before has leaked memory");
    }

 private:
    int runs_ = 0;
    std::int64_t expected_ = 0;
};

}  // namespace

TEST_CASE("every request gets its answer, in order, whatever the schedule") {
    leak_check leaks;
    ec::testing::for_each_seed(2000, [&](simulation& sim) {
        leaks.begin(sim);
        ec::testing::random_source random(sim.seed() ^ 0x5eed);
        sim.disk().put("/srv/file.txt", busy::pattern(20'000, 5));
        sim.serve(busy::routes(), patient_options());
        {
            std::vector<visitor> visitors;
            visit(sim, visitors, random);
            for (visitor& v : visitors) v.check(false), v.check_complete();
        }
        check_end(sim);
    });
}

TEST_CASE("when everything breaks, no answer is wrong and nothing stays") {
    leak_check leaks;
    ec::testing::simulation_options options;
    options.faults = ec::testing::fault_plan::hostile();
    options.descriptors_max = 24;
    std::size_t answered = 0;
    ec::testing::for_each_seed(
        2000,
        [&](simulation& sim) {
            leaks.begin(sim);
            ec::testing::random_source random(sim.seed() ^ 0xbad);
            sim.disk().put("/srv/file.txt", busy::pattern(20'000, 5));
            sim.serve(busy::routes(), patient_options());
            {
                std::vector<visitor> visitors;
                visit(sim, visitors, random);
                for (visitor& v : visitors) {
                    v.check(true);
                    answered += v.client().answers().size();
                }
            }
            check_end(sim);
        },
        options);
    CHECK(answered > 1000);
}

TEST_CASE("a drain in the middle answers what it has begun and ends") {
    leak_check leaks;
    ec::testing::for_each_seed(1000, [&](simulation& sim) {
        leaks.begin(sim);
        ec::testing::random_source random(sim.seed() ^ 0xd4a1);
        sim.disk().put("/srv/file.txt", busy::pattern(20'000, 5));
        ec::server_options how = patient_options();
        how.drain_timeout = 10min;  // the slowest peers again
        sim.serve(busy::routes(), how);
        std::vector<visitor> visitors;
        visitors.reserve(3);
        for (int i = 0; i < 3; ++i) visitors.emplace_back(sim, random);
        for (visitor& v : visitors) v.act();
        sim.advance(random.between(ec::duration(0), 200ms));
        for (visitor& v : visitors) v.read_on();
        const ec::time_point asked = sim.now();
        sim.expect(sim.drain(), "the drain does not end");
        sim.expect(sim.now() - asked <= how.drain_timeout + 1s, "it ends by its deadline");
        sim.expect(sim.settle(10min), "a client does not hear of the end");  // the last answers still travel
        std::uint64_t answered = 0;
        for (visitor& v : visitors) {
            v.check(false);
            answered += v.has_left() ? v.asked_count() : v.client().answers().size();
        }
        sim.expect(sim.counters().requests.read() <= answered, "a request that came is not answered");
        visitors.clear();
        sim.expect(sim.open_descriptors() == 0, "a descriptor is left open");
    });
}

TEST_CASE("a server that is destroyed in the middle leaves nothing") {
    leak_check leaks;
    ec::testing::simulation_options options;
    options.faults = ec::testing::fault_plan::hostile();
    ec::testing::for_each_seed(
        1000,
        [&](simulation& sim) {
            leaks.begin(sim);
            ec::testing::random_source random(sim.seed() ^ 0xdead);
            sim.serve(busy::routes());
            std::vector<visitor> visitors;
            visitors.reserve(4);
            for (int i = 0; i < 4; ++i) visitors.emplace_back(sim, random);
            for (visitor& v : visitors) v.act();
            sim.advance(random.between(ec::duration(0), 100ms));
        },
        options);
}
