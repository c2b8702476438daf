#include "eventcore/reactor/backend.hpp"

#include <vector>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cstddef>

#include "reactor/reactors.hpp"

using namespace reactors;

namespace {

// What `f` says in a child process, whose environment, limits and filters end with it.
template <class F>
std::string in_a_child(F f) {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const unique_fd reads(ends[0]);
    unique_fd writes(ends[1]);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const std::string said = f();
        (void)!::write(writes.get(), said.data(), said.size());
        ::_exit(0);
    }
    writes.reset();
    std::string said;
    for (std::string part = read_some(reads.get()); part != "(end)"; part = read_some(reads.get()))
        said += part;
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    return said;
}

std::string reason_of(const result<owned<reactor>>& opened) {
    return opened ? std::string((*opened)->reason()) : opened.error().message();
}
std::string open_with_environment(const char* value, reactor_kind kind) {
    return in_a_child([=] {
        ::setenv("EVENTCORE_REACTOR", value, 1);
        return reason_of(reactor::open({.kind = kind}));
    });
}

// From here on `syscall_number` fails with `error_number` in this process, as under a container's filter.
bool forbid(unsigned syscall_number, unsigned error_number) {
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, syscall_number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error_number),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter{sizeof program / sizeof *program, program};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}
bool has(reactor_kind kind) { return static_cast<bool>(reactor::open({.kind = kind})); }

}  // namespace

TEST_CASE("kinds have names, and names have kinds") {
    for (reactor_kind kind :
         {reactor_kind::automatic, reactor_kind::io_uring, reactor_kind::epoll, reactor_kind::kqueue})
        CHECK(parse_reactor_kind(to_string(kind)).value() == kind);
    CHECK(parse_reactor_kind("automatic").value() == reactor_kind::automatic);
    CHECK(parse_reactor_kind("select").error() == errc::invalid_argument);
}

TEST_CASE("automatic takes io_uring where it works, else what comes next, and says so") {
    const auto r = std::move(reactor::open().value());
    if (has(reactor_kind::io_uring))
        CHECK(r->reason() == "io_uring: ring set up and a NOP completed");
    else
        CHECK(r->reason().substr(0, 12) != "io_uring: ri");
    CHECK(r->reason().substr(0, r->name().size()) == r->name());
}

TEST_CASE("an explicit kind is taken, and the reason says who chose") {
    const auto r = every_reactor();
    CHECK(r->name() == to_string(r->kind()));
    CHECK(r->reason().substr(0, r->name().size()) == r->name());
    CHECK(r->reason().find(", chosen by the options") != std::string_view::npos);
}

TEST_CASE("EVENTCORE_REACTOR wins over automatic and over an explicit kind") {
    CHECK(open_with_environment("epoll", reactor_kind::automatic) ==
          "epoll: epoll instance opened, chosen by EVENTCORE_REACTOR");
    CHECK(open_with_environment("epoll", reactor_kind::io_uring) ==
          "epoll: epoll instance opened, chosen by EVENTCORE_REACTOR");
    CHECK(open_with_environment("auto", reactor_kind::epoll).find("chosen") == std::string::npos);
    CHECK(open_with_environment("", reactor_kind::epoll) ==
          "epoll: epoll instance opened, chosen by the options");
    CHECK(open_with_environment("select", reactor_kind::epoll) ==
          make_error_code(errc::invalid_argument).message());
}

TEST_CASE("where a seccomp filter forbids io_uring, automatic falls back to epoll and tells the reason") {
    if (!has(reactor_kind::io_uring)) return;
    const std::string said = in_a_child([] {
        if (!forbid(__NR_io_uring_setup, EPERM)) return std::string("no filter");
        return reason_of(reactor::open());
    });
    CHECK(said == "epoll: epoll instance opened; no io_uring (io_uring_setup: Operation not permitted)");
}

TEST_CASE("a ring that can be set up but not used is found out by the probe") {
    if (!has(reactor_kind::io_uring)) return;
    const std::string said = in_a_child([] {
        if (!forbid(__NR_io_uring_enter, EPERM)) return std::string("no filter");
        return reason_of(reactor::open());
    });
    CHECK(said ==
          "epoll: epoll instance opened; no io_uring (io_uring_enter with a NOP: Operation not permitted)");
}

TEST_CASE("an explicit io_uring that is forbidden is an error, not something else") {
    if (!has(reactor_kind::io_uring)) return;
    const std::string said = in_a_child([] {
        if (!forbid(__NR_io_uring_setup, EPERM)) return std::string("no filter");
        return reason_of(reactor::open({.kind = reactor_kind::io_uring}));
    });
    CHECK(said == "Operation not permitted");
}

TEST_CASE("without descriptors no reactor opens, and nothing leaks") {
    const auto r = every_reactor();  // its kind is known to work
    const reactor_kind kind = r->kind();
    std::vector<unique_fd> eaten;
    for (unique_fd one(::dup(0)); one; one = unique_fd(::dup(0))) eaten.push_back(std::move(one));
    std::vector<int> failures;
    for (int spare = 0; spare < 2; ++spare) {
        const auto opened =
            reactor::open({.kind = kind});  // clang's UBSan needs descriptors: no virtual call here
        failures.push_back(opened ? 0 : opened.error().value());
        eaten.pop_back();
    }
    CHECK(failures[0] == EMFILE);
    const int before = ::dup(0);
    CHECK(before >= 0);
    ::close(before);
    eaten.clear();
    CHECK(reactor::open({.kind = kind}));
}
