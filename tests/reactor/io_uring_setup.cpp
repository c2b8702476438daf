#include "eventcore/reactor/io_uring_setup.hpp"

#if EVENTCORE_HAS_IO_URING

#include <thread>

#include "catch.hpp"

using namespace eventcore::detail;

TEST_CASE("threads have numbers that are never used again") {
    const std::uint64_t mine = uring::this_thread();
    std::uint64_t first = 0, second = 0;
    std::thread([&] { first = uring::this_thread(); }).join();
    std::thread([&] { second = uring::this_thread(); }).join();
    CHECK(mine == uring::this_thread());
    CHECK(first != mine);
    CHECK(second != first);
    CHECK(second != mine);
}

TEST_CASE("a ring that is set up disabled takes requests once it is enabled") {
    if (uring::probe()) return;  // no io_uring on this machine
    io_uring ring{};
    REQUIRE(uring::set_up(ring, 2, 4, IORING_SETUP_R_DISABLED) == 0);
    io_uring_prep_nop(io_uring_get_sqe(&ring));
    CHECK(io_uring_submit(&ring) == -EBADFD);
    CHECK(uring::enable(ring));
    CHECK(io_uring_submit_and_wait(&ring, 1) == 1);
    CHECK(io_uring_cq_ready(&ring) == 1);
    io_uring_queue_exit(&ring);
}

TEST_CASE("a ring without entries is refused") {
    io_uring ring{};
    CHECK(uring::set_up(ring, 0, 4, 0) != 0);
}

#endif
