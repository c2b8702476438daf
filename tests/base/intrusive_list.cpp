#include "eventcore/base/intrusive_list.hpp"

#include <memory>
#include <vector>

#include "catch.hpp"

using namespace eventcore;

namespace {

struct element : list_node {
    explicit element(int n) : name(n) {}
    int name;
};

std::vector<int> names(intrusive_list<element>& list) {
    std::vector<int> found;
    list.for_each([&](element& e) { found.push_back(e.name); });
    return found;
}

}  // namespace

TEST_CASE("elements keep the order in which they were pushed") {
    intrusive_list<element> list;
    element a(1), b(2), c(3);
    CHECK(list.empty());
    list.push_back(b);
    list.push_back(c);
    list.push_front(a);
    CHECK(names(list) == std::vector<int>{1, 2, 3});
    CHECK(&list.front() == &a);
    CHECK(&list.pop_front() == &a);
    CHECK_FALSE(a.is_linked());
    CHECK(names(list) == std::vector<int>{2, 3});
}

TEST_CASE("an element leaves its list by unlink, as often as one likes, and when it is destroyed") {
    intrusive_list<element> list;
    element a(1), c(3);
    list.push_back(a);
    {
        element b(2);
        list.push_back(b);
        list.push_back(c);
    }
    CHECK(names(list) == std::vector<int>{1, 3});
    a.unlink();
    a.unlink();
    CHECK(names(list) == std::vector<int>{3});
    list.push_back(a);
    CHECK(names(list) == std::vector<int>{3, 1});
}

TEST_CASE("a destroyed list lets its elements go") {
    element a(1), b(2);
    {
        intrusive_list<element> list;
        list.push_back(a);
        list.push_back(b);
    }
    CHECK_FALSE(a.is_linked());
    CHECK_FALSE(b.is_linked());
}

TEST_CASE("splice_back moves everything, also from and to an empty list") {
    intrusive_list<element> first, second;
    element a(1), b(2), c(3), d(4);
    first.splice_back(second);
    CHECK(first.empty());
    second.push_back(a);
    second.push_back(b);
    first.splice_back(second);
    CHECK(second.empty());
    second.push_back(c);
    second.push_back(d);
    first.splice_back(second);
    CHECK(names(first) == std::vector<int>{1, 2, 3, 4});
    c.unlink();
    CHECK(names(first) == std::vector<int>{1, 2, 4});
    second.push_back(c);
    CHECK(names(second) == std::vector<int>{3});
}

TEST_CASE("for_each may unlink and destroy the element it is at") {
    intrusive_list<element> list;
    std::vector<std::unique_ptr<element>> owned;
    for (int i = 0; i < 4; ++i) {
        owned.push_back(std::make_unique<element>(i));
        list.push_back(*owned.back());
    }
    list.for_each([&](element& e) {
        if (e.name % 2 == 0) owned[static_cast<std::size_t>(e.name)].reset();
    });
    CHECK(names(list) == std::vector<int>{1, 3});
}
