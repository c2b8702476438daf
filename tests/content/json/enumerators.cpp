#include "eventcore/content/json/enumerators.hpp"

#include "catch.hpp"

using namespace eventcore::json_codec;

enum plain_old { old_a, old_b };

namespace {

enum class colour : unsigned char { red, green = 5, last_seen = 127, beyond = 128 };
enum typed : short { typed_a, typed_b };
enum class answer : bool { no, yes };
enum class from_minus_one : signed char { below = -1, zero };

template <class A, class B>
struct scope {
    enum class inner : int { first, second };
    static constexpr inner used = inner::second;
};

}  // namespace

template <>
struct eventcore::describe<plain_old> {
    static constexpr eventcore::enumerator<plain_old> enumerators[] = {{"old-a", old_a}, {"old-b", old_b}};
};

TEST_CASE("an enumerator has its name") {
    enum class local { one, two };
    STATIC_REQUIRE(enumerator_name(colour::red) == "red");
    STATIC_REQUIRE(enumerator_name(colour::green) == "green");
    STATIC_REQUIRE(enumerator_name(colour::last_seen) == "last_seen");
    STATIC_REQUIRE(enumerator_name(typed_b) == "typed_b");
    STATIC_REQUIRE(enumerator_name(answer::yes) == "yes");
    STATIC_REQUIRE(enumerator_name(local::two) == "two");
    STATIC_REQUIRE(enumerator_name(scope<int, void (*)(int, char)>::used) == "second");
}

TEST_CASE("a value without an enumerator from 0 to 127 has no name") {
    STATIC_REQUIRE(enumerator_name(static_cast<colour>(4)).empty());
    STATIC_REQUIRE(enumerator_name(colour::beyond).empty());
    STATIC_REQUIRE(enumerator_name(static_cast<colour>(255)).empty());
    STATIC_REQUIRE(enumerator_name(from_minus_one::below).empty());
    STATIC_REQUIRE(enumerator_name(from_minus_one::zero) == "zero");
}

TEST_CASE("a name gives the value back") {
    STATIC_REQUIRE(enumerator_of<colour>("last_seen") == colour::last_seen);
    STATIC_REQUIRE(enumerator_of<answer>("no") == answer::no);
    STATIC_REQUIRE_FALSE(enumerator_of<colour>("beyond"));
    STATIC_REQUIRE_FALSE(enumerator_of<colour>(""));
    STATIC_REQUIRE_FALSE(enumerator_of<colour>("colour::red"));
    STATIC_REQUIRE_FALSE(enumerator_of<colour>("Red"));
}

TEST_CASE("describe names enumerators otherwise, and those of an enum that cannot be reflected") {
    STATIC_REQUIRE(enumerator_name(old_b) == "old-b");
    STATIC_REQUIRE(enumerator_of<plain_old>("old-a") == old_a);
    STATIC_REQUIRE_FALSE(enumerator_of<plain_old>("old_a"));
    STATIC_REQUIRE_FALSE(enumerator_of<plain_old>(""));
}
