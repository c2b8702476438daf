#include "eventcore/reactor/io_uring.hpp"

#if EVENTCORE_HAS_IO_URING

#include "reactor/reactors.hpp"

using namespace reactors;

TEST_CASE("more requests than a ring takes at once go out in order") {
    const auto opened =
        reactor::open({.kind = reactor_kind::io_uring, .submission_entries = 2, .completion_entries = 4});
    if (!opened) return;
    reactor& r = **opened;
    static int finished;
    static int last;
    finished = last = 0;
    struct job : file_operation {
        job()
            : file_operation([](file_operation& op, io_result outcome) noexcept {
                  finished += outcome.bytes() == 1;
                  last = static_cast<int>(op.offset);
              }) {}
    };
    char name[] = "/tmp/eventcore-test-XXXXXX";
    const unique_fd file(::mkstemp(name));
    ::unlink(name);
    char byte = 'x';
    std::vector<job> jobs(300);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        jobs[i].kind = file_operation::kind_type::write;
        jobs[i].fd = file.get();
        jobs[i].buffer = &byte;
        jobs[i].length = 1;
        jobs[i].offset = i;
        REQUIRE(r.submit(jobs[i]));
    }
    CHECK(finished == 0);  // never from within submit()
    REQUIRE(turn_until(r, [] { return finished == 300; }));
    CHECK(::lseek(file.get(), 0, SEEK_END) == 300);
}

TEST_CASE("operations in flight are waited for in any order") {
    const auto opened =
        reactor::open({.kind = reactor_kind::io_uring, .submission_entries = 4, .completion_entries = 8});
    if (!opened) return;
    reactor& r = **opened;
    char name[] = "/tmp/eventcore-test-XXXXXX";
    const unique_fd file(::mkstemp(name));
    ::unlink(name);
    static int finished;
    finished = 0;
    char byte = 'x';
    std::vector<std::unique_ptr<file_operation>> jobs;
    for (int i = 0; i < 40; ++i) {
        jobs.push_back(
            std::make_unique<file_operation>([](file_operation&, io_result) noexcept { ++finished; }));
        file_operation& job = *jobs.back();
        job.kind = file_operation::kind_type::write;
        job.fd = file.get();
        job.buffer = &byte;
        job.length = 1;
        REQUIRE(r.submit(job));
    }
    while (!jobs.empty()) {
        r.wait_for(*jobs.back());
        jobs.pop_back();
    }
    CHECK(finished == 40);
    settle(r);
}

#endif
