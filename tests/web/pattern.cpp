#include "eventcore/web/pattern.hpp"

#include "catch.hpp"

using namespace eventcore;

namespace {

constexpr bool refused(std::string_view pattern, pattern_error wanted) {
    return check_pattern(pattern) == wanted;
}
constexpr bool good(std::string_view pattern) { return refused(pattern, pattern_error::none); }

static_assert(good("/") && good("/users") && good("/users/") && good("/users/{id}/posts/{post_2}"));
static_assert(good("/files/{path...}") && good("/files/{*path}") && good("/{id:int}/{u:uint}/{x:uuid}"));
static_assert(good("/~user/a-b.c/@;,=$'()!*+:") && good("/größe"));

static_assert(refused("", pattern_error::no_leading_slash) &&
              refused("users", pattern_error::no_leading_slash));
static_assert(refused("//", pattern_error::empty_segment) && refused("/a//b", pattern_error::empty_segment));
static_assert(refused("/{id", pattern_error::unclosed_brace) &&
              refused("/{a/b}", pattern_error::unclosed_brace));
static_assert(refused("/id}", pattern_error::closing_brace) && refused("/}{", pattern_error::closing_brace));
static_assert(refused("/{{id}}", pattern_error::nested_brace));
static_assert(refused("/v{id}", pattern_error::partial_segment) &&
              refused("/{id}.json", pattern_error::partial_segment));
static_assert(refused("/{}", pattern_error::bad_name) && refused("/{1a}", pattern_error::bad_name));
static_assert(refused("/{a b}", pattern_error::forbidden_character) &&
              refused("/{a-b}", pattern_error::bad_name));
static_assert(refused("/{*a...}", pattern_error::bad_name) && refused("/{*}", pattern_error::bad_name));
static_assert(refused("/{id:}", pattern_error::unknown_constraint));
static_assert(refused("/{id:float}", pattern_error::unknown_constraint));
static_assert(refused("/{a...}/b", pattern_error::tail_not_last) &&
              refused("/{*a}/", pattern_error::tail_not_last));
static_assert(refused("/{a}/{a}", pattern_error::duplicate_name) &&
              refused("/{a}/{*a}", pattern_error::duplicate_name));
static_assert(refused("/a?b", pattern_error::forbidden_character) &&
              refused("/%41", pattern_error::forbidden_character));
static_assert(refused("/a\\b", pattern_error::forbidden_character) &&
              refused("/a b", pattern_error::forbidden_character));
static_assert(refused("/./a", pattern_error::dot_segment) && refused("/a/..", pattern_error::dot_segment));
static_assert(refused("/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x",
                      pattern_error::too_many_segments));
static_assert(refused("/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}/{j}/{k}/{l}/{m}/{n}/{o}/{p}/{q}",
                      pattern_error::too_many_parameters));

}  // namespace

TEST_CASE("a pattern is read segment by segment") {
    pattern_reader reader("/users/{id:uint}/{name}/{rest...}");
    CHECK(reader.next().text == "users");
    const pattern_segment id = reader.next();
    CHECK(id.kind == segment_kind::unsigned_integer);
    CHECK(id.text == "id");
    CHECK(reader.next().kind == segment_kind::parameter);
    const pattern_segment rest = reader.next();
    CHECK(rest.kind == segment_kind::tail);
    CHECK(rest.text == "rest");
    CHECK_FALSE(reader.has_next());
}

TEST_CASE("a slash at the end of a pattern is an empty literal segment") {
    pattern_reader reader("/users/");
    CHECK(reader.next().text == "users");
    REQUIRE(reader.has_next());
    CHECK(reader.next().text.empty());
    CHECK_FALSE(reader.has_next());
}

TEST_CASE("parameters are counted and found by name") {
    CHECK(count_parameters("/a/{b}/{*c}") == 2);
    CHECK(parameter_name("/a/{b}/{*c}", 1) == "c");
    CHECK(parameter_name("/a/{b}", 1).empty());
    CHECK(find_parameter("/{a}/{b:int}", "b") == 1);
    CHECK(find_parameter("/{a}/{b:int}", "c") == pattern_parameters_max);
}

TEST_CASE("every pattern error has its own sentence") {
    for (unsigned i = 1; i <= static_cast<unsigned>(pattern_error::too_many_parameters); ++i) {
        CHECK_FALSE(to_string(static_cast<pattern_error>(i)).empty());
        CHECK(to_string(static_cast<pattern_error>(i)) != to_string(static_cast<pattern_error>(i - 1)));
    }
}
