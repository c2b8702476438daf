#include "eventcore/content/json/reflect.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "catch.hpp"

using namespace eventcore::json_codec;

struct tree {
    std::string label;
    std::unique_ptr<tree> left;
    std::vector<tree> children;
    std::map<std::string, std::optional<tree>> named;
    std::variant<int, std::string> either;
    std::array<double, 3> position;
    std::string_view view;
    const char* text;
};

template <class A, class B>
struct couple {
    A first_one;
    B second_one;
};

namespace {

struct point {
    int x = 0;
    int y = 0;
};
struct box {
    point low;  // a nested aggregate is one member, not two
    point high;
    std::optional<point> centre;
};
struct with_defaults {
    int a = 1;
    std::string b = "b";
    std::shared_ptr<point> c;
    bool d = false;
};
struct no_default {
    explicit no_default(int) {}
};
struct holds_no_default {
    std::string a;
    no_default b;
    int c;
};
struct sixty_four {
    std::array<int, 2> a;
    int m01, m02, m03, m04, m05, m06, m07, m08, m09, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20,
        m21;
    int m22, m23, m24, m25, m26, m27, m28, m29, m30, m31, m32, m33, m34, m35, m36, m37, m38, m39, m40, m41,
        m42;
    int m43, m44, m45, m46, m47, m48, m49, m50, m51, m52, m53, m54, m55, m56, m57, m58, m59, m60, m61, m62,
        m63;
};
struct empty {};

class account {
 public:
    account(int number, int balance) : number_(number), balance_(balance) {}

 private:
    friend struct eventcore::describe<account>;
    int number_;
    int balance_;
};

}  // namespace

template <>
struct eventcore::describe<account> {
    static constexpr auto members =
        eventcore::members(eventcore::member("account-number", &account::number_),
                           eventcore::defaulted_member("balance", &account::balance_));
};

TEST_CASE("members are counted whatever their types are") {
    STATIC_REQUIRE(member_count<empty>() == 0);
    STATIC_REQUIRE(member_count<point>() == 2);
    STATIC_REQUIRE(member_count<box>() == 3);
    STATIC_REQUIRE(member_count<tree>() == 8);
    STATIC_REQUIRE(member_count<with_defaults>() == 4);
    STATIC_REQUIRE(member_count<holds_no_default>() == 3);
    STATIC_REQUIRE(member_count<sixty_four>() == 64);
    STATIC_REQUIRE(member_count<couple<couple<int, char>, std::optional<int>>>() == 2);
}

TEST_CASE("members have their names, in any scope a struct can be in") {
    struct local {
        int a_b;
        std::string under_;
    };
    STATIC_REQUIRE(member_names<point>() == std::array<std::string_view, 2>{"x", "y"});
    STATIC_REQUIRE(member_names<local>() == std::array<std::string_view, 2>{"a_b", "under_"});
    STATIC_REQUIRE(member_names<couple<couple<int, char>, point>>()[1] == "second_one");
    STATIC_REQUIRE(member_names<tree>()[3] == "named");
    STATIC_REQUIRE(member_names<sixty_four>()[63] == "m63");
    STATIC_REQUIRE(member_names<empty>().empty());
}

TEST_CASE("a visitor gets references to the object's own members") {
    box b{{1, 2}, {3, 4}, std::nullopt};
    visit_members(b, [](point& low, point&, std::optional<point>& centre) {
        low.x = 10;
        centre = point{5, 6};
    });
    CHECK(b.low.x == 10);
    CHECK(b.centre->y == 6);
    const box& fixed = b;
    CHECK(visit_members(fixed, [](const auto& low, const auto&, const auto&) { return low.x; }) == 10);
}

TEST_CASE("describe gives names and members of a class, private ones too") {
    STATIC_REQUIRE(member_names<account>() == std::array<std::string_view, 2>{"account-number", "balance"});
    STATIC_REQUIRE_FALSE(members_defaulted<account>()[0]);
    STATIC_REQUIRE(members_defaulted<account>()[1]);
    account a(7, 100);
    visit_members(a, [](int& number, int& balance) { balance += number; });
    CHECK(visit_members(std::as_const(a), [](int, int balance) { return balance; }) == 107);
}

TEST_CASE("a key is the name as a writer needs it") {
    STATIC_REQUIRE(member_keys<account>.key(0) == ",\"account-number\":");
    STATIC_REQUIRE(member_keys<point>.key(1) == ",\"y\":");
}
