// Why a JSON text was refused, and where: what a 400 answer tells the client.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include "eventcore/base/error.hpp"

namespace eventcore::json_codec {

enum class read_errc : std::uint8_t {
    none,
    malformed,           // not JSON (RFC 8259)
    invalid_utf8,        // bytes that are no Unicode characters
    too_large,           // more bytes or values than read_options allows
    too_deep,            // more arrays and objects inside each other than read_options allows
    duplicate_member,    // an object has the same name twice
    missing_member,      // the struct has a member that the object has not
    unknown_member,      // the other way round, where that is refused
    wrong_type,          // a string where a number must be, and the like
    wrong_length,        // an array of another length than the std::array, pair or tuple
    not_an_integer,      // a number with a fraction for an integer
    out_of_range,        // a number that the C++ type cannot hold
    unknown_enumerator,  // a string that is no name of the enum
    invalid_value,       // describe's from_json refused it
};

struct read_error {
    read_errc reason = read_errc::none;
    std::size_t offset = 0;  // in bytes, of the value (or the place) that is wrong
    std::string pointer;     // to that value: "/items/3/name" (RFC 6901); "" is the whole text
    std::string detail;      // a sentence without the place: "expected a string, found a number"

    // Did it fail?
    explicit operator bool() const noexcept { return reason != read_errc::none; }

    // errc::too_large for the limits, errc::malformed for what is wrong with the text or its values.
    std::error_code code() const noexcept;

    // "expected a string, found a number (at /items/3/name, byte 42)"
    std::string message() const;

    // One step outwards: the pointer so far is relative to this member or element.
    void inside_member(std::string_view name);
    void inside_element(std::size_t index);
};

inline std::error_code read_error::code() const noexcept {
    if (reason == read_errc::none) return {};
    const bool limit = reason == read_errc::too_large || reason == read_errc::too_deep;
    return make_error_code(limit ? errc::too_large : errc::malformed);
}

inline std::string read_error::message() const {
    if (reason == read_errc::none) return {};
    std::string text = detail;
    text += " (at ";
    if (!pointer.empty()) text.append(pointer).append(", ");
    return text.append("byte ").append(std::to_string(offset)).append(")");
}

inline void read_error::inside_member(std::string_view name) {
    // What a stranger sent is repeated up to here; names that are longer end in "...".
    constexpr std::size_t name_bytes_max = 128;
    std::size_t kept = name.size();
    if (kept > name_bytes_max) {
        kept = name_bytes_max;
        while (kept > 0 && (static_cast<unsigned char>(name[kept]) & 0xC0) == 0x80)
            --kept;  // no half character
    }
    std::string step = "/";
    for (char c : name.substr(0, kept)) {
        if (c == '~')
            step += "~0";
        else if (c == '/')
            step += "~1";
        else
            step += c;
    }
    if (kept < name.size()) step += "...";
    pointer.insert(0, step);
}
inline void read_error::inside_element(std::size_t index) { pointer.insert(0, "/" + std::to_string(index)); }

}  // namespace eventcore::json_codec
