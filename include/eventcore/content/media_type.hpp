// The media type of a file, from the end of its name (RFC 9110, 8.3.1; the IANA registry).
#pragma once

#include <cstddef>
#include <string_view>

#include "eventcore/base/ascii.hpp"

namespace eventcore {

// What to send as Content-Type for a file of this name or path: "text/css; charset=utf-8" for "site/a.CSS".
// "application/octet-stream" where the extension is unknown or missing. Text is served as UTF-8.
constexpr std::string_view media_type_of(std::string_view path);

namespace detail {

struct extension_media_type {
    std::string_view extension;  // lower case
    std::string_view media_type;
};

// Sorted by extension, for the binary search below.
inline constexpr extension_media_type extension_media_types[] = {
    {"7z", "application/x-7z-compressed"},
    {"aac", "audio/aac"},
    {"apng", "image/apng"},
    {"atom", "application/atom+xml"},
    {"avi", "video/x-msvideo"},
    {"avif", "image/avif"},
    {"bmp", "image/bmp"},
    {"br", "application/octet-stream"},
    {"bz2", "application/x-bzip2"},
    {"c", "text/plain; charset=utf-8"},
    {"conf", "text/plain; charset=utf-8"},
    {"cpp", "text/plain; charset=utf-8"},
    {"css", "text/css; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"doc", "application/msword"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"eot", "application/vnd.ms-fontobject"},
    {"epub", "application/epub+zip"},
    {"flac", "audio/flac"},
    {"geojson", "application/geo+json"},
    {"gif", "image/gif"},
    {"gz", "application/gzip"},
    {"h", "text/plain; charset=utf-8"},
    {"heic", "image/heic"},
    {"hpp", "text/plain; charset=utf-8"},
    {"htm", "text/html; charset=utf-8"},
    {"html", "text/html; charset=utf-8"},
    {"ico", "image/vnd.microsoft.icon"},
    {"ics", "text/calendar; charset=utf-8"},
    {"ini", "text/plain; charset=utf-8"},
    {"jar", "application/java-archive"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", "text/javascript; charset=utf-8"},
    {"json", "application/json"},
    {"jsonld", "application/ld+json"},
    {"jxl", "image/jxl"},
    {"log", "text/plain; charset=utf-8"},
    {"m3u8", "application/vnd.apple.mpegurl"},
    {"m4a", "audio/mp4"},
    {"m4v", "video/mp4"},
    {"map", "application/json"},
    {"md", "text/markdown; charset=utf-8"},
    {"mid", "audio/midi"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"mkv", "video/matroska"},
    {"mov", "video/quicktime"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"mpd", "application/dash+xml"},
    {"mpeg", "video/mpeg"},
    {"mpg", "video/mpeg"},
    {"odp", "application/vnd.oasis.opendocument.presentation"},
    {"ods", "application/vnd.oasis.opendocument.spreadsheet"},
    {"odt", "application/vnd.oasis.opendocument.text"},
    {"oga", "audio/ogg"},
    {"ogg", "audio/ogg"},
    {"ogv", "video/ogg"},
    {"opus", "audio/ogg"},
    {"otf", "font/otf"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"rss", "application/rss+xml"},
    {"rtf", "application/rtf"},
    {"sh", "text/x-shellscript; charset=utf-8"},
    {"svg", "image/svg+xml"},
    {"tar", "application/x-tar"},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"toml", "application/toml"},
    {"ts", "video/mp2t"},
    {"tsv", "text/tab-separated-values; charset=utf-8"},
    {"ttf", "font/ttf"},
    {"txt", "text/plain; charset=utf-8"},
    {"vtt", "text/vtt; charset=utf-8"},
    {"wasm", "application/wasm"},
    {"wav", "audio/wav"},
    {"weba", "audio/webm"},
    {"webm", "video/webm"},
    {"webmanifest", "application/manifest+json"},
    {"webp", "image/webp"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"xhtml", "application/xhtml+xml"},
    {"xls", "application/vnd.ms-excel"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"xml", "application/xml"},
    {"xz", "application/x-xz"},
    {"yaml", "application/yaml"},
    {"yml", "application/yaml"},
    {"zip", "application/zip"},
    {"zst", "application/zstd"},
};

inline constexpr std::size_t extension_count = sizeof extension_media_types / sizeof extension_media_types[0];
inline constexpr std::size_t extension_bytes_max = 11;

// -1, 0, 1 as `text`, in lower case, sorts before, at or after `extension`.
constexpr int compare_extension(std::string_view text, std::string_view extension) {
    for (std::size_t i = 0; i < text.size() && i < extension.size(); ++i) {
        const char c = to_lower(text[i]);
        if (c != extension[i]) return c < extension[i] ? -1 : 1;
    }
    if (text.size() == extension.size()) return 0;
    return text.size() < extension.size() ? -1 : 1;
}

constexpr bool extensions_are_sorted() {
    const auto& table = extension_media_types;
    for (std::size_t i = 1; i < extension_count; ++i)
        if (compare_extension(table[i - 1].extension, table[i].extension) >= 0) return false;
    return true;
}
static_assert(extensions_are_sorted());

// What follows the last dot of the last path segment; empty without one, and for ".profile".
constexpr std::string_view extension_of(std::string_view path) {
    for (std::size_t i = path.size(); i > 0; --i) {
        const char c = path[i - 1];
        if (c == '/') return {};
        if (c == '.') return i == 1 || path[i - 2] == '/' ? std::string_view{} : path.substr(i);
    }
    return {};
}

}  // namespace detail

constexpr std::string_view media_type_of(std::string_view path) {
    const std::string_view extension = detail::extension_of(path);
    if (extension.size() > detail::extension_bytes_max) return "application/octet-stream";
    std::size_t first = 0, last = detail::extension_count;
    while (first < last) {
        const std::size_t middle = first + (last - first) / 2;
        const auto& entry = detail::extension_media_types[middle];
        const int order = detail::compare_extension(extension, entry.extension);
        if (order == 0) return entry.media_type;
        (order < 0 ? last : first) = order < 0 ? middle : middle + 1;
    }
    return "application/octet-stream";
}

}  // namespace eventcore
