#include "eventcore/testing/allocations.hpp"

#include <string>

#include "catch.hpp"
#include "eventcore/testing/count_allocations.hpp"

using eventcore::testing::allocations;

TEST_CASE("allocations are counted") {
    CHECK(allocations([] {}) == 0);
    // volatile: a compiler may leave out what it sees released again
    CHECK(allocations([] {
              int* volatile taken = new int;
              delete taken;
          }) == 1);
    std::string* volatile text = nullptr;
    CHECK(allocations([&] { text = new std::string(100, 'x'); }) == 2);
    delete text;
    struct alignas(64) wide {
        char bytes[64];
    };
    const std::int64_t live = eventcore::testing::heap().live();
    wide* volatile kept = nullptr;
    CHECK(allocations([&] { kept = new wide; }) == 1);
    CHECK(eventcore::testing::heap().live() == live + 1);
    delete kept;
    CHECK(eventcore::testing::heap().live() == live);
}
