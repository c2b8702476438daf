#include "eventcore/content/json/shape.hpp"

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

#include "catch.hpp"

using namespace eventcore::json_codec;

namespace {

struct aggregate {
    int a;
};
enum class colour { red };
struct wrapped {
    std::string text;
};
class opaque {
 public:
    explicit opaque(int) {}
};

template <class T>
constexpr bool is(shape wanted) {
    return shape_of<T>() == wanted;
}

}  // namespace

template <>
struct eventcore::describe<wrapped> {
    static std::string to_json(const wrapped& value) { return value.text; }
};

TEST_CASE("the shape of a type follows from what it can do") {
    STATIC_REQUIRE(is<bool>(shape::boolean));
    STATIC_REQUIRE((is<signed char>(shape::integer) && is<unsigned long long>(shape::integer)));
    STATIC_REQUIRE((is<float>(shape::floating) && is<double>(shape::floating)));
    STATIC_REQUIRE(
        (is<std::string>(shape::text) && is<std::string_view>(shape::text) && is<const char*>(shape::text)));
    STATIC_REQUIRE(is<colour>(shape::enumeration));
    STATIC_REQUIRE(
        (is<std::optional<int>>(shape::nullable) && is<std::unique_ptr<aggregate>>(shape::nullable)));
    STATIC_REQUIRE(is<std::shared_ptr<int>>(shape::nullable));
    STATIC_REQUIRE(
        (is<std::map<std::string, int>>(shape::map) && is<std::unordered_map<std::string, int>>(shape::map)));
    STATIC_REQUIRE((is<std::vector<bool>>(shape::sequence) && is<std::set<int>>(shape::sequence)));
    STATIC_REQUIRE((is<std::array<int, 2>>(shape::sequence) && is<std::span<const int>>(shape::sequence)));
    STATIC_REQUIRE((is<std::pair<int, int>>(shape::tuple) && is<std::tuple<>>(shape::tuple)));
    STATIC_REQUIRE(is<std::variant<int, bool>>(shape::variant));
    STATIC_REQUIRE(is<aggregate>(shape::object));
    STATIC_REQUIRE(is<wrapped>(shape::converted));
}

TEST_CASE("what is neither has no shape, rather than a surprising one") {
    STATIC_REQUIRE((is<char>(shape::unsupported) && is<wchar_t>(shape::unsupported)));  // number or text?
    STATIC_REQUIRE(is<long double>(shape::unsupported));
    STATIC_REQUIRE((is<int*>(shape::unsupported) && is<void*>(shape::unsupported)));
    STATIC_REQUIRE(is<opaque>(shape::unsupported));
    STATIC_REQUIRE(is<std::chrono::seconds>(shape::unsupported));  // which unit? describe says
}
