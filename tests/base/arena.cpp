#include "eventcore/base/arena.hpp"

#include <cstring>
#include <string>
#include <vector>

#include "catch.hpp"

using namespace eventcore;

TEST_CASE("what an arena hands out does not overlap and is aligned as asked") {
    arena a;
    std::vector<std::pair<unsigned char*, std::size_t>> pieces;
    for (std::size_t i = 1; i < 400; ++i) {
        const std::size_t alignment = std::size_t{1} << (i % 5);
        auto* piece = static_cast<unsigned char*>(a.allocate(i, alignment));
        CHECK(reinterpret_cast<std::uintptr_t>(piece) % alignment == 0);
        std::memset(piece, static_cast<int>(i % 256), i);
        pieces.emplace_back(piece, i);
    }
    bool intact = true;
    for (const auto& [piece, size] : pieces)
        for (std::size_t i = 0; i < size; ++i) intact = intact && piece[i] == size % 256;
    CHECK(intact);
}

TEST_CASE("a piece larger than a block gets a block of its own") {
    arena a;
    void* small = a.allocate(16);
    void* large = a.allocate(100'000);
    std::memset(small, 1, 16);
    std::memset(large, 2, 100'000);
    void* huge = a.allocate(1'000'000, 1);
    std::memset(huge, 3, 1'000'000);
}

TEST_CASE("a copy of text lives until reset, whatever happens to the original") {
    arena a;
    std::string original = "some text";
    const std::string_view copied = a.copy(original);
    original.assign("changed!!");
    CHECK(copied == "some text");
    CHECK(a.copy("").empty());
    const std::string long_text(10'000, 'x');
    CHECK(a.copy(long_text) == long_text);
}

TEST_CASE("an arena can be used again after reset, and reset twice") {
    arena a;
    a.reset();
    for (int round = 0; round < 3; ++round) {
        std::memset(a.allocate(5000), 1, 5000);
        CHECK(a.copy("abc") == "abc");
        a.reset();
        a.reset();
    }
}

TEST_CASE("allocating nothing gives a usable address") {
    arena a;
    CHECK(a.allocate(0) != nullptr);
}
