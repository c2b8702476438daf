#include "eventcore/reactor/operation.hpp"

#include <vector>
#include <memory>
#include <sys/resource.h>

#include <array>

#include "reactor/reactors.hpp"

using namespace reactors;

namespace {

// Keeps what it accepts; an error is counted.
struct accepting : accept_handle {
    explicit accepting(int of) : accept_handle(&arrived, &noticed) { fd = of; }
    static void arrived(accept_handle& h, io_result accepted) noexcept {
        auto& self = static_cast<accepting&>(h);
        if (accepted.ok())
            self.connections.emplace_back(static_cast<int>(accepted.bytes()));
        else
            self.errors.push_back(accepted.error_number());
        if (self.then) self.then(self);
    }
    static void noticed(io_handle& h, std::uint8_t news) noexcept {
        static_cast<accepting&>(h).gone += news == readiness::gone;
    }
    std::vector<unique_fd> connections;
    std::vector<int> errors;
    int gone = 0;
    void (*then)(accepting&) = nullptr;
};

void close_and_wait(reactor& r, accepting& h) {
    r.close(h);
    REQUIRE(turn_until(r, [&] { return h.gone != 0; }));
}

}  // namespace

TEST_CASE("connections are accepted non-blocking and close-on-exec") {
    const auto r = every_reactor();
    tcp_listener listener;
    accepting h(listener.fd.release());
    REQUIRE(r->listen(h));
    const unique_fd client = listener.connect();
    REQUIRE(turn_until(*r, [&] { return h.connections.size() == 1; }));
    CHECK((::fcntl(h.connections[0].get(), F_GETFL) & O_NONBLOCK) != 0);
    CHECK((::fcntl(h.connections[0].get(), F_GETFD) & FD_CLOEXEC) != 0);
    write_all(h.connections[0].get(), "hello");
    CHECK(read_some(client.get()) == "hello");
    close_and_wait(*r, h);
    CHECK(h.gone == 1);
    CHECK(h.errors.empty());
}

TEST_CASE("a storm of connections is accepted completely") {
    const auto r = every_reactor();
    tcp_listener listener;
    accepting h(listener.fd.release());
    REQUIRE(r->listen(h));
    std::vector<unique_fd> clients;
    for (std::size_t round = 1; round <= 2; ++round) {
        for (int i = 0; i < 300; ++i) clients.push_back(listener.connect());
        REQUIRE(turn_until(*r, [&] { return h.connections.size() == 300 * round; }));
    }
    settle(*r);
    CHECK(h.connections.size() == 600);
    CHECK(h.errors.empty());
    close_and_wait(*r, h);
}

TEST_CASE("a paused listener accepts nothing until it listens again") {
    const auto r = every_reactor();
    tcp_listener listener;
    accepting h(listener.fd.release());
    REQUIRE(r->listen(h));
    settle(*r);
    r->stop_listening(h);
    r->stop_listening(h);
    settle(*r);
    const unique_fd client = listener.connect();
    settle(*r);
    CHECK(h.connections.empty());
    REQUIRE(r->listen(h));
    REQUIRE(r->listen(h));
    REQUIRE(turn_until(*r, [&] { return h.connections.size() == 1; }));

    r->stop_listening(h);  // and on again before the kernel has heard of either
    REQUIRE(r->listen(h));
    const unique_fd second = listener.connect();
    REQUIRE(turn_until(*r, [&] { return h.connections.size() == 2; }));
    CHECK(h.errors.empty());
    close_and_wait(*r, h);
}

TEST_CASE("a listener may pause or close itself while a batch is handed out") {
    const auto r = every_reactor();
    tcp_listener listener;
    accepting h(listener.fd.release());
    const bool closes = GENERATE(false, true);
    if (closes)
        h.then = [](accepting& self) {
            if (!self.closing) reactor::current().close(self);
        };
    else
        h.then = [](accepting& self) { reactor::current().stop_listening(self); };
    REQUIRE(r->listen(h));
    std::vector<unique_fd> clients;
    for (int i = 0; i < 10; ++i) clients.push_back(listener.connect());
    REQUIRE(turn_until(*r, [&] { return closes ? h.gone == 1 : !h.connections.empty(); }));
    settle(*r);
    CHECK(h.errors.empty());
    if (closes) {
        CHECK(h.connections.size() == 1);
        h.connections.clear();
        for (const unique_fd& client : clients) CHECK(read_some(client.get()) != "(nothing)");
    } else {
        close_and_wait(*r, h);
    }
}

TEST_CASE("running out of descriptors is told once, pauses, and is over when there are some again") {
    const auto r = every_reactor();
    tcp_listener listener;
    accepting h(listener.fd.release());
    REQUIRE(r->listen(h));
    settle(*r);
    std::vector<unique_fd> clients;
    for (int i = 0; i < 3; ++i) clients.push_back(listener.connect());  // before the descriptors are used up
    std::vector<unique_fd> eaten;
    for (;;) {
        unique_fd one(::dup(0));
        if (!one) break;
        eaten.push_back(std::move(one));
    }
    REQUIRE(errno == EMFILE);
    REQUIRE(turn_until(*r, [&] { return !h.errors.empty() || h.connections.size() == 3; }));
    settle(*r);
    const std::vector<int> told = h.errors;
    const std::size_t early = h.connections.size();
    eaten.clear();
    REQUIRE(r->listen(h));
    REQUIRE(turn_until(*r, [&] { return h.connections.size() == 3; }));
    CHECK(told == std::vector<int>{EMFILE});
    CHECK(early == 0);
    close_and_wait(*r, h);
}

TEST_CASE("listening again from within the failure's own notice works") {
    const auto r = every_reactor();
    tcp_listener listener;
    accepting h(listener.fd.release());
    static std::vector<unique_fd> eaten;
    h.then = [](accepting& self) {
        if (self.errors.empty() || eaten.empty()) return;
        eaten.clear();
        (void)reactor::current().listen(self);
    };
    REQUIRE(r->listen(h));
    settle(*r);
    const unique_fd client = listener.connect();
    for (unique_fd one(::dup(0)); one; one = unique_fd(::dup(0))) eaten.push_back(std::move(one));
    REQUIRE(turn_until(*r, [&] { return h.connections.size() == 1; }));
    CHECK(h.errors == std::vector<int>{EMFILE});
    close_and_wait(*r, h);
}

// ---- files ----

namespace {

struct file_job : file_operation {
    file_job() : file_operation(&finished) {}
    static void finished(file_operation& op, io_result outcome) noexcept {
        auto& self = static_cast<file_job&>(op);
        ++self.times;
        self.outcome = outcome;
    }
    void ask(kind_type what, int file, void* at, std::size_t bytes, std::uint64_t from) {
        kind = what;
        fd = file;
        buffer = at;
        length = static_cast<std::uint32_t>(bytes);
        offset = from;
    }
    int times = 0;
    io_result outcome{0};
};

unique_fd temporary_file() {
    char name[] = "/tmp/eventcore-test-XXXXXX";
    unique_fd file(::mkstemp(name));
    ::unlink(name);
    REQUIRE(file);
    return file;
}

}  // namespace

TEST_CASE("a file is written, synced and read through completions, where the backend has them") {
    const auto r = every_reactor();
    const unique_fd file = temporary_file();
    char text[] = "written by an operation";
    file_job job;
    job.ask(file_operation::kind_type::write, file.get(), text, sizeof text, 100);
    const bool runs_here = r->submit(job);
    CHECK(runs_here == (r->kind() == reactor_kind::io_uring));
    if (!runs_here) return;
    CHECK(job.times == 0);
    REQUIRE(turn_until(*r, [&] { return job.times == 1; }));
    CHECK(job.outcome.bytes() == sizeof text);

    job.ask(file_operation::kind_type::sync_data, file.get(), nullptr, 0, 0);
    REQUIRE(r->submit(job));
    REQUIRE(turn_until(*r, [&] { return job.times == 2; }));
    CHECK(job.outcome.ok());

    char back[sizeof text] = {};
    job.ask(file_operation::kind_type::read, file.get(), back, sizeof back, 100);
    REQUIRE(r->submit(job));
    r->wait_for(job);  // no turn needed
    CHECK(job.times == 3);
    CHECK(std::string_view(back) == text);

    job.ask(file_operation::kind_type::read, -1, back, sizeof back, 0);
    REQUIRE(r->submit(job));
    r->wait_for(job);
    CHECK(job.outcome.error_number() == EBADF);
    r->wait_for(job);  // nothing in flight: at once
    r->cancel(job);
    CHECK(job.times == 4);
}

TEST_CASE("a cancelled operation still completes once, and only then is its buffer free") {
    const auto r = every_reactor();
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const unique_fd reads(ends[0]),
        writes(ends[1]);  // nothing is ever written: the read cannot end by itself
    auto buffer = std::make_unique<std::array<char, 64>>();
    file_job job;
    job.ask(file_operation::kind_type::read, reads.get(), buffer->data(), buffer->size(), ~std::uint64_t{0});
    if (!r->submit(job)) return;
    settle(*r);
    CHECK(job.times == 0);
    r->cancel(job);
    const bool waits = GENERATE(false, true);
    if (waits)
        r->wait_for(job);
    else
        REQUIRE(turn_until(*r, [&] { return job.times == 1; }));
    buffer.reset();
    CHECK(job.outcome.error_number() == ECANCELED);
    write_all(writes.get(), "nobody reads this into freed memory");
    settle(*r);
    CHECK(job.times == 1);
}

TEST_CASE("cancelling before the kernel has seen the operation is no different") {
    const auto r = every_reactor();
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const unique_fd reads(ends[0]), writes(ends[1]);
    char byte;
    file_job job;
    job.ask(file_operation::kind_type::read, reads.get(), &byte, 1, ~std::uint64_t{0});
    if (!r->submit(job)) return;
    r->cancel(job);
    r->wait_for(job);
    CHECK(job.times == 1);
    CHECK(job.outcome.error_number() == ECANCELED);
}

TEST_CASE("news that arrives while one operation is waited for is heard in the next turn") {
    const auto r = every_reactor();
    const unique_fd file = temporary_file();
    char text[] = "x";
    std::vector<std::unique_ptr<recording>> handles;
    std::vector<unique_fd> peers;
    for (int i = 0; i < 20; ++i) {
        pair_of_fds fds = socket_pair();
        write_all(fds.theirs.get(), "y");
        handles.push_back(std::make_unique<recording>(fds.ours.release()));
        REQUIRE(r->watch(*handles.back()));
        peers.push_back(std::move(fds.theirs));
    }
    file_job first, second;
    first.ask(file_operation::kind_type::write, file.get(), text, 1, 0);
    second.ask(file_operation::kind_type::write, file.get(), text, 1, 1);
    if (r->submit(first) && r->submit(second)) {
        r->wait_for(second);
        CHECK(second.times == 1);
        for (auto& h : handles) CHECK(h->notices.empty());
        r->wait_for(first);  // which may have been put aside
        CHECK(first.times == 1);
    }
    const auto all = [&](std::uint8_t bits) {
        std::size_t heard = 0;
        for (auto& h : handles) heard += h->heard(bits);
        return heard == handles.size();
    };
    REQUIRE(turn_until(*r, [&] { return all(readiness::readable); }));
    for (auto& h : handles) r->close(*h);
    REQUIRE(turn_until(*r, [&] { return all(readiness::gone); }));
}

TEST_CASE("destroying a reactor waits for its operations") {
    auto r = every_reactor();
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const unique_fd reads(ends[0]), writes(ends[1]);
    auto buffer = std::make_unique<char>();
    file_job job;
    job.ask(file_operation::kind_type::read, reads.get(), buffer.get(), 1, ~std::uint64_t{0});
    if (!r->submit(job)) return;
    if (GENERATE(false, true)) settle(*r);
    r.reset();
    buffer.reset();
    CHECK(job.times == 1);
    CHECK(job.outcome.error_number() == ECANCELED);
    write_all(writes.get(), "x");
}
