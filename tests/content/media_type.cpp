#include "eventcore/content/media_type.hpp"

#include "catch.hpp"

using eventcore::media_type_of;

static_assert(media_type_of("index.html") == "text/html; charset=utf-8");
static_assert(media_type_of("site/deep/Style.CSS") == "text/css; charset=utf-8");
static_assert(media_type_of("a.tar.gz") == "application/gzip");

TEST_CASE("every extension of the table is found, in upper case too") {
    for (const auto& [extension, media_type] : eventcore::detail::extension_media_types) {
        std::string name = "file." + std::string(extension);
        CHECK(media_type_of(name) == media_type);
        for (char& c : name)
            if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        CHECK(media_type_of(name) == media_type);
        CHECK(extension.size() <= eventcore::detail::extension_bytes_max);
    }
}

TEST_CASE("a file without a known extension is bytes") {
    for (const char* name : {"", "README", "a.", "a.unknown", ".profile", "dir/.html", "dir.html/file",
                             "a.b/c", "x.htmlhtmlhtmlhtml", "a.htm\xff", "a.0"})
        CHECK(media_type_of(name) == "application/octet-stream");
}
