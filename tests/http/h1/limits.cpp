#include "eventcore/http/h1/limits.hpp"

#include "catch.hpp"

using namespace eventcore::h1;

TEST_CASE("by default everything is bounded and nothing is lenient") {
    const limits bounds;
    CHECK(bounds.request_line_bytes <= 16 * 1024);
    CHECK(bounds.field_section_bytes <= 64 * 1024);
    CHECK(bounds.field_count <= 200);
    CHECK(bounds.trailer_section_bytes <= 16 * 1024);
    CHECK(bounds.trailer_count <= 200);
    CHECK(bounds.chunk_extension_bytes <= 16 * 1024);
    CHECK(bounds.chunk_overhead_bytes <= 64 * 1024);
    CHECK_FALSE(bounds.accept_unescaped_target);
}
