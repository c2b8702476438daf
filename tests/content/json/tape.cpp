#include "eventcore/content/json/tape.hpp"

#include <limits>
#include <vector>

#include "catch.hpp"

using namespace eventcore::json_codec;

TEST_CASE("a node keeps its number, text or place exactly") {
    CHECK(node::natural(7, std::numeric_limits<std::uint64_t>::max()).as_natural() == UINT64_MAX);
    CHECK(node::negative(7, std::numeric_limits<std::int64_t>::min()).as_negative() == INT64_MIN);
    CHECK(node::real(7, -0.1).as_real() == -0.1);
    CHECK(node::boolean(7, true).as_boolean());
    CHECK_FALSE(node::boolean(7, false).as_boolean());
    const std::string_view text = "name";
    CHECK(node::string(7, text).as_string().data() == text.data());
    CHECK(node::string(7, text).as_string() == "name");
    CHECK(node::null(text_bytes_max).offset() == text_bytes_max);
    CHECK(node::null(text_bytes_max).kind() == node_kind::null);
    CHECK(node::container(node_kind::object, 7, text_bytes_max, 9).child_count() == text_bytes_max);
    CHECK(node::container(node_kind::object, 7, text_bytes_max, 9).offset() == 7);
}

// {"a":[1,2],"b":null}
TEST_CASE("next() steps over all that is inside a container") {
    const std::vector<node> tape = {
        node::container(node_kind::object, 0, 2, 7),
        node::string(1, "a"),
        node::container(node_kind::array, 5, 2, 3),
        node::natural(6, 1),
        node::natural(8, 2),
        node::string(11, "b"),
        node::null(15),
    };
    CHECK(tape[0].first_child()->as_string() == "a");
    CHECK(tape[1].next() == &tape[2]);
    CHECK(tape[2].next()->as_string() == "b");
    CHECK(tape[0].next() == tape.data() + tape.size());
}
