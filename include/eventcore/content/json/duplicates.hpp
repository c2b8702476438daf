// Finds a name that an object has twice. Two parsers that disagree on which of the two counts are a way
// around a check (RFC 8259, section 4; RFC 7493, section 2.3), so such a text is refused.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "eventcore/content/json/tape.hpp"

namespace eventcore::json_codec {

// The name that stands for the second time, or null. `object` is complete. n log n comparisons, whatever
// the names are.
const node* find_duplicate(const node& object);

namespace detail {

inline bool less_by_name(const node* a, const node* b) {
    const std::string_view left = a->as_string(), right = b->as_string();
    if (left.size() != right.size()) return left.size() < right.size();
    const int order = left.compare(right);
    return order != 0 ? order < 0 : a < b;  // equal names in the order of the text
}

// For few names comparing is faster than sorting, and most differ in length, first or last byte from all
// that came before.
inline const node* find_duplicate_among_few(const node& object) {
    const node* name = object.first_child();
    std::uint64_t marks = 0;
    for (std::size_t i = 0; i < object.child_count(); ++i, name = (name + 1)->next()) {
        const std::string_view text = name->as_string();
        const unsigned ends = text.empty() ? 0 : static_cast<unsigned>(text.front() * 7 + text.back() * 3);
        const std::uint64_t mark = std::uint64_t{1} << ((ends + text.size()) & 63);
        if ((marks & mark) != 0)
            for (const node* earlier = object.first_child(); earlier != name; earlier = (earlier + 1)->next())
                if (earlier->as_string() == text) return name;
        marks |= mark;
    }
    return nullptr;
}

}  // namespace detail

inline const node* find_duplicate(const node& object) {
    constexpr std::size_t few = 16;
    const std::size_t count = object.child_count();
    if (count <= few) return detail::find_duplicate_among_few(object);
    const std::unique_ptr<const node*[]> names(new const node*[count]);
    const node* name = object.first_child();
    for (std::size_t i = 0; i < count; ++i) {
        names[i] = name;
        name = (name + 1)->next();
    }
    std::sort(names.get(), names.get() + count, detail::less_by_name);
    for (std::size_t i = 1; i < count; ++i)
        if (names[i - 1]->as_string() == names[i]->as_string()) return names[i];
    return nullptr;
}

}  // namespace eventcore::json_codec
