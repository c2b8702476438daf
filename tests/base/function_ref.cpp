#include "eventcore/base/function_ref.hpp"

#include <memory>
#include <string>

#include "catch.hpp"

using namespace eventcore;

namespace {

int twice(function_ref<int(int)> f, int x) { return f(f(x)); }
int plus_one(int x) { return x + 1; }

struct counter {
    int operator()(int x) { return ++calls, x; }
    int calls = 0;
};

}  // namespace

TEST_CASE("a function_ref calls a lambda, a function and an object, which it does not copy") {
    int offset = 3;
    CHECK(twice([&](int x) { return x + offset; }, 1) == 7);
    CHECK(twice(plus_one, 1) == 3);
    counter c;
    CHECK(twice(c, 5) == 5);
    CHECK(c.calls == 2);
    const auto constant = [](int x) { return -x; };
    CHECK(twice(constant, 4) == 4);
}

TEST_CASE("arguments that only move are handed on, and results converted") {
    auto take = [](std::unique_ptr<int> p) { return *p; };
    function_ref<long(std::unique_ptr<int>)> f = take;
    CHECK(f(std::make_unique<int>(9)) == 9L);
    auto text = [](const std::string& s) { return s.size(); };
    function_ref<void(const std::string&)> drops = text;
    drops("abc");
}
