#include "eventcore/content/json/duplicates.hpp"

#include <string>
#include <vector>

#include "catch.hpp"

using namespace eventcore::json_codec;

namespace {

// An object with these names, each with an array as value, so that names are not side by side.
std::vector<node> object_of(const std::vector<std::string>& names) {
    std::vector<node> tape = {node::container(node_kind::object, 0, names.size(), 1 + 3 * names.size())};
    for (const std::string& name : names) {
        tape.push_back(node::string(tape.size(), name));
        tape.push_back(node::container(node_kind::array, tape.size(), 1, 2));
        tape.push_back(node::natural(tape.size(), 1));
    }
    return tape;
}
// Which name stands for the second time, counted from 0; -1: none.
int second(const std::vector<std::string>& names) {
    const std::vector<node> tape = object_of(names);
    const node* found = find_duplicate(tape.front());
    return found ? static_cast<int>((found - tape.data() - 1) / 3) : -1;
}

}  // namespace

TEST_CASE("different names are no duplicates") {
    CHECK(second({}) == -1);
    CHECK(second({"a"}) == -1);
    CHECK(second({"a", "b", "", "aa", "A"}) == -1);
    CHECK(second({"axb", "ayb", "azb"}) == -1);  // same length, same ends
}

TEST_CASE("the second of two equal names is found, among few names and among many") {
    for (std::size_t count : {2u, 3u, 16u, 17u, 200u}) {
        std::vector<std::string> names;
        for (std::size_t i = 0; i < count; ++i) names.push_back("name" + std::to_string(i));
        CHECK(second(names) == -1);
        for (std::size_t later = 1; later < count; later += count / 2) {
            std::vector<std::string> doubled = names;
            doubled[later] = doubled[later / 2];
            if (second(doubled) != static_cast<int>(later)) FAIL(count << " names, " << later);
        }
    }
    CHECK(second({"", "a", ""}) == 2);
    CHECK(second({std::string("\0", 1), "", std::string("\0", 1)}) == 2);
}
