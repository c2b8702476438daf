#include "eventcore/web/path.hpp"

#include <random>
#include <string>
#include <vector>

#include "catch.hpp"

using namespace eventcore;

namespace {

std::vector<std::string> segments_of(const std::string& path, path_outcome wanted = path_outcome::ok) {
    // A heap block of exactly this size: a read past it is seen by AddressSanitizer.
    const std::vector<char> exact(path.begin(), path.end());
    arena memory;
    split_path out;
    CHECK(split({exact.data(), exact.size()}, memory, out) == wanted);
    std::vector<std::string> texts;
    if (wanted != path_outcome::ok) return texts;
    for (std::size_t i = 0; i < out.count; ++i) {
        texts.emplace_back(out.segments[i].view());
        CHECK(out.segments[i].hash == detail::hash_segment(out.segments[i].view()));
        CHECK(out.segments[i].head == detail::load_word(texts.back().data(), texts.back().size()));
    }
    return texts;
}
using list = std::vector<std::string>;

static_assert(detail::hash_segment("users") != detail::hash_segment("user"));

}  // namespace

TEST_CASE("a path is split at its slashes") {
    CHECK(segments_of("/") == list{""});
    CHECK(segments_of("/a") == list{"a"});
    CHECK(segments_of("/users/12345678/posts") == list{"users", "12345678", "posts"});
    CHECK(segments_of("/users/") == list{"users", ""});
    CHECK(segments_of("//") == list{"", ""});
    CHECK(segments_of("/a-segment-that-is-longer-than-eight/b") ==
          list{"a-segment-that-is-longer-than-eight", "b"});
}

TEST_CASE("segments are decoded after splitting") {
    CHECK(segments_of("/a%2Fb/c%20d") == list{"a/b", "c d"});
    CHECK(segments_of("/%75sers") == list{"users"});
    CHECK(segments_of("/a+b") == list{"a+b"});
    CHECK(segments_of("/%252F") == list{"%2F"});
}

TEST_CASE("a broken escape or an escaped NUL is malformed") {
    for (const char* path : {"/%", "/%4", "/%4/1", "/%zz", "/a%00b", "/ok/%g0"})
        segments_of(path, path_outcome::malformed);
}

TEST_CASE("dot segments are refused, encoded or not") {
    for (const char* path : {"/.", "/..", "/a/../b", "/a/./b", "/%2e%2E/x", "/.%2e", "/a/%2e"})
        segments_of(path, path_outcome::dot_segment);
    CHECK(segments_of("/.a/..b/c../...") == list{".a", "..b", "c..", "..."});
}

TEST_CASE("a path that does not begin with a slash is refused") {
    segments_of("", path_outcome::not_absolute);
    segments_of("*", path_outcome::not_absolute);
    segments_of("a/b", path_outcome::not_absolute);
}

TEST_CASE("segments past the deepest pattern are checked but not kept") {
    std::string path;
    for (int i = 0; i < 40; ++i) path += "/s";
    arena memory;
    split_path out;
    CHECK(split(path, memory, out) == path_outcome::ok);
    CHECK(out.count == split_path::segments_max);
    CHECK_FALSE(out.is_complete);
    CHECK(split(path += "/..", memory, out) == path_outcome::dot_segment);
}

TEST_CASE("the search for slashes agrees with a plain loop") {
    std::mt19937 random(7);
    for (int round = 0; round < 2000; ++round) {
        std::string path = "/";
        for (std::size_t i = random() % 40; i != 0; --i) path += "/ab$0\xaf\xffxyz"[random() % 10];
        list wanted;
        for (std::size_t at = 0; at < path.size();) {
            const std::size_t end = index_of(path, '/', at + 1);
            wanted.push_back(path.substr(at + 1, end - at - 1));
            at = end;
        }
        if (wanted.size() > split_path::segments_max) wanted.resize(split_path::segments_max);
        CHECK(segments_of(path) == wanted);
    }
}
