#include "eventcore/base/recycler.hpp"

#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include "catch.hpp"

using namespace eventcore;

TEST_CASE(
    "usable_bytes is the size of the class: what fills a block of the heap, then powers of two to 256 KiB") {
    CHECK(recycler::usable_bytes(0) == 24);
    CHECK(recycler::usable_bytes(24) == 24);
    CHECK(recycler::usable_bytes(25) == 40);
    CHECK(recycler::usable_bytes(40) == 40);
    CHECK(recycler::usable_bytes(41) == 56);
    CHECK(recycler::usable_bytes(4096) == 4104);
    CHECK(recycler::usable_bytes(4104) == 4104);
    CHECK(recycler::usable_bytes(4105) == 8192);
    CHECK(recycler::usable_bytes(8193) == 16384);
    CHECK(recycler::usable_bytes(256 * 1024) == 256 * 1024);
    CHECK(recycler::usable_bytes(256 * 1024 + 1) == 256 * 1024 + 1);
}

TEST_CASE("every byte that usable_bytes promises is there") {
    const std::vector<std::size_t> sizes{0,    1,    24,   25,      40,      41,     64,
                                         4096, 4104, 4105, 100'000, 262'144, 300'000};
    for (const std::size_t wanted : sizes) {
        const std::size_t bytes = recycler::usable_bytes(wanted);
        void* block = recycler::allocate(bytes);
        std::memset(block, 0x5a, bytes);
        CHECK(reinterpret_cast<std::uintptr_t>(block) % 16 == 0);
        recycler::deallocate(block, bytes);
    }
    recycler::deallocate(nullptr, 64);
    recycler::release_thread_cache();
}

TEST_CASE("the block given back last is the next one taken, within its class only") {
    if (EVENTCORE_ASAN) {  // there each block goes to the heap instead, and comes back late or never
        void* a = recycler::allocate(100);
        recycler::deallocate(a, 100);
        void* b = recycler::allocate(100);
        CHECK(a != b);
        recycler::deallocate(b, 100);
        return;
    }
    void* a = recycler::allocate(100);
    void* b = recycler::allocate(100);
    recycler::deallocate(a, 100);
    recycler::deallocate(b, 100);
    void* other_class = recycler::allocate(200);
    CHECK(other_class != a);
    CHECK(other_class != b);
    CHECK(recycler::allocate(104) == b);
    CHECK(recycler::allocate(89) == a);
    for (void* each : {a, b}) recycler::deallocate(each, 104);
    recycler::deallocate(other_class, 200);
    recycler::release_thread_cache();
}

TEST_CASE("more blocks than a list keeps go back to the heap without loss") {
    for (const std::size_t bytes : {64UL, 8192UL}) {
        std::vector<void*> blocks;
        for (int i = 0; i < 600; ++i) blocks.push_back(recycler::allocate(bytes));
        CHECK(std::set<void*>(blocks.begin(), blocks.end()).size() == 600);
        for (void* block : blocks) recycler::deallocate(block, bytes);
    }
    recycler::release_thread_cache();
    recycler::release_thread_cache();
}

TEST_CASE("a block may be given back by another thread than the one that took it") {
    void* block = recycler::allocate(500);
    std::thread other([block] {
        recycler::deallocate(block, 500);
        void* again = recycler::allocate(500);
        if (!EVENTCORE_ASAN) CHECK(again == block);
        recycler::deallocate(again, 500);
        recycler::release_thread_cache();
    });
    other.join();
}
