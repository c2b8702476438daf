// Field lines (RFC 9110, section 5): field_list looks at those of a received message, fields owns those of a
// message to be sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "eventcore/base/ascii.hpp"
#include "eventcore/base/byte_buffer.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/http/field_name.hpp"

namespace eventcore::http {

// One field line. The name keeps the case it came with; the value has no whitespace at its ends.
struct field_view {
    std::string_view name;
    std::string_view value;
    field_id id = field_id::unknown;
};

// HTAB, SP, VCHAR and obs-text (RFC 9110, 5.5): no other control octet, so no line can end inside a value.
constexpr bool is_field_value(std::string_view value);

// Where one field line lies in the bytes that were received. Without initialisers on purpose: a table of
// hundred of them is 1,600 bytes that nobody has to clear.
struct field_slot {
    std::uint32_t name_offset;
    std::uint32_t value_offset;
    std::uint32_t value_length;
    std::uint16_t name_length;
    field_id id;
    std::uint8_t flags;  // unused, 0
};
static_assert(sizeof(field_slot) == 16);

// The field lines of a received message, in their order. Owns nothing: valid as long as the bytes and the
// slots.
class field_list {
 public:
    class iterator;

    constexpr field_list() noexcept = default;
    constexpr field_list(const char* base, const field_slot* slots, std::size_t count) noexcept
        : base_(base), slots_(slots), count_(static_cast<std::uint32_t>(count)) {}

    constexpr std::size_t size() const noexcept { return count_; }
    constexpr bool empty() const noexcept { return count_ == 0; }
    constexpr field_view operator[](std::size_t index) const noexcept {
        const field_slot& slot = slots_[index];
        return {{base_ + slot.name_offset, slot.name_length}, value_of(slot), slot.id};
    }
    constexpr iterator begin() const noexcept;
    constexpr iterator end() const noexcept;

    // The value of the first line with this name.
    constexpr std::optional<std::string_view> find(field_id id) const noexcept {
        for (std::uint32_t i = 0; i < count_; ++i)
            if (slots_[i].id == id) return value_of(slots_[i]);
        return std::nullopt;
    }
    constexpr std::optional<std::string_view> find(std::string_view name) const noexcept {
        const field_id id = find_field_id(name);
        if (id != field_id::unknown) return find(id);
        for (std::uint32_t i = 0; i < count_; ++i)
            if (equal_ignoring_case((*this)[i].name, name)) return value_of(slots_[i]);
        return std::nullopt;
    }
    constexpr bool contains(field_id id) const noexcept { return find(id).has_value(); }
    constexpr std::size_t count(field_id id) const noexcept {
        std::size_t lines = 0;
        for (std::uint32_t i = 0; i < count_; ++i) lines += slots_[i].id == id;
        return lines;
    }

 private:
    constexpr std::string_view value_of(const field_slot& slot) const noexcept {
        return {base_ + slot.value_offset, slot.value_length};
    }

    const char* base_ = nullptr;
    const field_slot* slots_ = nullptr;
    std::uint32_t count_ = 0;
};

class field_list::iterator {
 public:
    constexpr iterator(const field_list& list, std::size_t index) noexcept : list_(&list), index_(index) {}
    constexpr field_view operator*() const noexcept { return (*list_)[index_]; }
    constexpr iterator& operator++() noexcept { return ++index_, *this; }
    constexpr bool operator==(const iterator& other) const noexcept { return index_ == other.index_; }

 private:
    const field_list* list_;
    std::size_t index_;
};

// The field lines of a message to be sent, or of a received trailer section. Costs nothing while empty: three
// words, no memory.
//
// A name must be a token and a value a field value; anything else is refused with errc::invalid_argument, so
// that no handler can split a response with bytes it got from elsewhere. What is over a limit below is
// refused with errc::too_large.
class fields {
 public:
    static constexpr std::size_t name_bytes_max = 256;
    static constexpr std::size_t value_bytes_max = 64 * 1024;
    static constexpr std::size_t total_bytes_max = 256 * 1024;
    class iterator;

    fields() noexcept = default;
    fields(fields&&) noexcept = default;
    fields& operator=(fields&&) noexcept = default;

    // Adds a line. Whitespace around the value is no part of it and is dropped.
    result<> add(std::string_view name, std::string_view value) {
        return add(find_field_id(name), name, value);
    }
    result<> add(field_id id, std::string_view value) { return add(id, to_string(id), value); }

    // Adds a line in place of all lines of that name. Changes nothing when it fails.
    result<> set(std::string_view name, std::string_view value);
    result<> set(field_id id, std::string_view value) { return set(to_string(id), value); }

    // Returns how many lines there were.
    std::size_t remove(std::string_view name) noexcept;
    std::size_t remove(field_id id) noexcept { return remove(to_string(id)); }
    void clear() noexcept { records_.clear(); }

    // The value of the first line with this name.
    std::optional<std::string_view> find(std::string_view name) const noexcept;
    std::optional<std::string_view> find(field_id id) const noexcept;
    bool contains(field_id id) const noexcept { return find(id).has_value(); }

    bool empty() const noexcept { return records_.empty(); }
    std::size_t size() const noexcept;
    iterator begin() const noexcept;
    iterator end() const noexcept;

    // An upper bound for the bytes of all lines as they are sent, "Name: value CR LF".
    std::size_t lines_bytes() const noexcept { return records_.size(); }

 private:
    // A record is this header and then the line as it is sent, so that a serializer copies it whole.
    struct record {
        std::uint32_t value_length;
        std::uint16_t name_length;
        field_id id;
        std::uint8_t unused;
    };
    static constexpr std::size_t line_extra_bytes = 4;  // ": " and CR LF

    static record load(const char* at) noexcept {
        record r;
        std::memcpy(&r, at, sizeof r);
        return r;
    }
    static std::size_t line_bytes(const record& r) noexcept {
        return std::size_t{r.name_length} + r.value_length + line_extra_bytes;
    }
    static std::error_code check(std::string_view name, std::string_view value) noexcept;
    result<> add(field_id id, std::string_view name, std::string_view value);
    std::size_t remove_before(iterator last, std::string_view name) noexcept;

    byte_buffer records_;
};
static_assert(sizeof(fields) <= 24);

class fields::iterator {
 public:
    explicit iterator(const char* at) noexcept : at_(at) {}

    field_view operator*() const noexcept {
        const record r = load(at_);
        const char* name = at_ + sizeof r;
        return {{name, r.name_length}, {name + r.name_length + 2, r.value_length}, r.id};
    }
    // The same as it is sent: "Name: value" CR LF.
    std::string_view line() const noexcept { return {at_ + sizeof(record), line_bytes(load(at_))}; }
    field_id id() const noexcept { return load(at_).id; }

    iterator& operator++() noexcept {
        at_ += sizeof(record) + line_bytes(load(at_));
        return *this;
    }
    bool operator==(const iterator& other) const noexcept { return at_ == other.at_; }

 private:
    friend class fields;
    const char* at_;
};

// Calls f(member) for each non-empty member of a comma-separated list (RFC 9110, 5.6.1), without whitespace
// at its ends. A comma inside a quoted string separates nothing. f may return false to stop.
template <class F>
constexpr void for_each_list_member(std::string_view list, F&& f) {
    std::size_t start = 0;
    bool quoted = false;
    for (std::size_t i = 0; i <= list.size(); ++i) {
        if (quoted && i + 1 < list.size() && list[i] == '\\') {
            ++i;
            continue;
        }
        if (i < list.size() && list[i] == '"') quoted = !quoted;
        if (i < list.size() && (quoted || list[i] != ',')) continue;
        const std::string_view member =
            trim_ows(list.substr(start < list.size() ? start : list.size(), i - start));
        start = i + 1;
        if (!member.empty() && !f(member)) return;
    }
}

// Whether a list such as Connection or Vary has this member, whatever its case.
constexpr bool list_contains(std::string_view list, std::string_view wanted) {
    bool found = false;
    for_each_list_member(list, [&](std::string_view member) {
        found = equal_ignoring_case(member, wanted);
        return !found;
    });
    return found;
}

constexpr bool is_field_value(std::string_view value) {
    for (char c : value) {
        const auto octet = static_cast<unsigned char>(c);
        if ((octet < 0x20 && c != '\t') || octet == 0x7f) return false;
    }
    return true;
}

constexpr field_list::iterator field_list::begin() const noexcept { return {*this, 0}; }
constexpr field_list::iterator field_list::end() const noexcept { return {*this, count_}; }

inline fields::iterator fields::begin() const noexcept { return iterator(records_.data()); }
inline fields::iterator fields::end() const noexcept { return iterator(records_.data() + records_.size()); }

inline std::size_t fields::size() const noexcept {
    std::size_t lines = 0;
    for (iterator i = begin(); i != end(); ++i) ++lines;
    return lines;
}

inline std::optional<std::string_view> fields::find(field_id id) const noexcept {
    for (iterator i = begin(); i != end(); ++i)
        if (i.id() == id) return (*i).value;
    return std::nullopt;
}

inline std::optional<std::string_view> fields::find(std::string_view name) const noexcept {
    for (iterator i = begin(); i != end(); ++i)
        if (equal_ignoring_case((*i).name, name)) return (*i).value;
    return std::nullopt;
}

inline std::error_code fields::check(std::string_view name, std::string_view value) noexcept {
    if (!is_token(name) || !is_field_value(value)) return make_error_code(errc::invalid_argument);
    if (name.size() > name_bytes_max || value.size() > value_bytes_max)
        return make_error_code(errc::too_large);
    return {};
}

inline result<> fields::add(field_id id, std::string_view name, std::string_view value) {
    value = trim_ows(value);
    if (const std::error_code error = check(name, value)) return error;
    const record r{static_cast<std::uint32_t>(value.size()), static_cast<std::uint16_t>(name.size()), id, 0};
    const std::size_t bytes = sizeof r + line_bytes(r);
    if (records_.size() + bytes > total_bytes_max) return errc::too_large;

    // The old block lives until the line is written: name and value may be views into it.
    byte_buffer old;
    if (records_.capacity() - records_.size() < bytes) {
        old = std::move(records_);
        records_.prepare(old.size() + bytes + old.size());
        records_.append(old.view());
    }
    char* to = records_.prepare(bytes);
    std::memcpy(to, &r, sizeof r);
    to += sizeof r;
    std::memcpy(to, name.data(), name.size());
    to += name.size();
    std::memcpy(to, ": ", 2);
    if (!value.empty()) std::memcpy(to + 2, value.data(), value.size());
    std::memcpy(to + 2 + value.size(), "\r\n", 2);
    records_.commit(bytes);
    return {};
}

inline result<> fields::set(std::string_view name, std::string_view value) {
    const std::size_t before = records_.size();
    if (const result<> done = add(name, value); !done) return done;
    const iterator added(records_.data() + before);
    remove_before(added, (*added).name);
    return {};
}

inline std::size_t fields::remove(std::string_view name) noexcept {
    // A copy, because `name` may be a view into what moves.
    char copy[name_bytes_max];
    if (name.empty() || name.size() > sizeof copy) return 0;
    std::memcpy(copy, name.data(), name.size());
    return remove_before(end(), {copy, name.size()});
}

// `name` is either outside the records or in the last of them, where it is compared before it moves.
inline std::size_t fields::remove_before(iterator last, std::string_view name) noexcept {
    std::size_t removed = 0;
    char* to = records_.data();
    iterator i = begin();
    while (i != last) {
        const char* from = i.at_;
        const bool goes = equal_ignoring_case((*i).name, name);
        const std::size_t bytes = sizeof(record) + line_bytes(load(from));
        ++i;
        removed += goes;
        if (goes) continue;
        if (to != from) std::memmove(to, from, bytes);
        to += bytes;
    }
    const auto tail = static_cast<std::size_t>(end().at_ - last.at_);
    if (to != last.at_ && tail != 0) std::memmove(to, last.at_, tail);
    records_.truncate(static_cast<std::size_t>(to - records_.data()) + tail);
    return removed;
}

}  // namespace eventcore::http
