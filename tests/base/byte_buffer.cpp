#include "eventcore/base/byte_buffer.hpp"

#include <cstring>
#include <string>
#include <utility>

#include "catch.hpp"

using namespace eventcore;

TEST_CASE("a buffer holds what was appended, however it grew") {
    byte_buffer b;
    std::string wanted;
    CHECK(b.empty());
    CHECK(b.capacity() == 0);
    for (int i = 0; i < 3000; ++i) {
        const std::string piece = std::to_string(i) + ",";
        b.append(piece);
        b.append('.');
        wanted += piece + ".";
    }
    b.append("");
    CHECK(b.view() == wanted);
    CHECK(b.size() == wanted.size());
    CHECK(b.capacity() >= b.size());
}

TEST_CASE("prepare and commit write in place") {
    byte_buffer b;
    b.append("head ");
    char* room = b.prepare(10);
    std::memcpy(room, "tail", 4);
    b.commit(4);
    CHECK(b.view() == "head tail");
    CHECK(b.capacity() - b.size() >= 6);
}

TEST_CASE("truncate and clear keep the block, release gives it back") {
    byte_buffer b;
    b.append("0123456789");
    const char* before = b.data();
    b.truncate(4);
    CHECK(b.view() == "0123");
    b.clear();
    CHECK(b.empty());
    b.append("again");
    CHECK(b.data() == before);
    b.release();
    CHECK(b.capacity() == 0);
    CHECK(b.view().empty());
    b.append("more");
    CHECK(b.view() == "more");
}

TEST_CASE("a moved-from buffer is empty and can be used") {
    byte_buffer a;
    a.append("contents");
    byte_buffer b(std::move(a));
    CHECK(a.empty());
    CHECK(b.view() == "contents");
    a.append("new");
    b = std::move(a);
    CHECK(b.view() == "new");
    CHECK(a.empty());
    byte_buffer& same = b;
    b = std::move(same);
    CHECK(b.view() == "new");
}
