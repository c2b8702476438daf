// Dates of HTTP (RFC 9110, 5.6.7): written as an IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT", read in the
// three formats a recipient has to understand. Pure: "now" is given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "eventcore/base/ascii.hpp"
#include "eventcore/base/clock.hpp"

namespace eventcore::http {

inline constexpr std::size_t date_bytes = 29;

// Seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
using unix_seconds = std::int64_t;

constexpr unix_seconds to_unix_seconds(wall_time_point time) {
    return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

// Writes exactly date_bytes bytes. The year must be 0 to 9999; what is outside is written as the nearest
// such.
constexpr void write_date(char* to, unix_seconds time);
constexpr void write_date(char* to, wall_time_point time) { write_date(to, to_unix_seconds(time)); }

// Reads an IMF-fixdate, an RFC 850 date or an asctime date; empty when it is none or names no day that
// exists. The two-digit year of RFC 850 is of the century that is at most 50 years after `now`.
constexpr std::optional<unix_seconds> parse_date(std::string_view text, unix_seconds now);

namespace detail {

inline constexpr std::int64_t day_seconds = 86'400;
inline constexpr std::string_view day_names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                 "Thursday", "Friday", "Saturday"};
inline constexpr std::string_view month_names = "JanFebMarAprMayJunJulAugSepOctNovDec";

struct civil_date {
    std::int64_t year;
    std::uint32_t month;  // 1 to 12
    std::uint32_t day;    // 1 to 31
};

// Days since 1970-01-01 in the proleptic Gregorian calendar and back: years are counted from March, so that
// the leap day is the last of its year, and in eras of 400 years, which all have 146,097 days.
constexpr std::int64_t days_from_civil(civil_date date) {
    const std::int64_t year = date.month <= 2 ? date.year - 1 : date.year;
    const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
    const std::int64_t year_of_era = year - era * 400;
    const std::int64_t month = (static_cast<std::int64_t>(date.month) + 9) % 12;
    const std::int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
    return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719'468;
}
constexpr civil_date civil_from_days(std::int64_t days) {
    days += 719'468;
    const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
    const std::int64_t day = days - era * 146'097;
    const std::int64_t year = (day - day / 1'460 + day / 36'524 - day / 146'096) / 365;
    const std::int64_t day_of_year = day - (365 * year + year / 4 - year / 100);
    const std::int64_t month = (5 * day_of_year + 2) / 153;
    return {year + era * 400 + (month >= 10 ? 1 : 0),
            static_cast<std::uint32_t>(month < 10 ? month + 3 : month - 9),
            static_cast<std::uint32_t>(day_of_year - (153 * month + 2) / 5 + 1)};
}

constexpr void write_two_digits(char* to, std::int64_t value) {
    to[0] = static_cast<char>('0' + value / 10 % 10);
    to[1] = static_cast<char>('0' + value % 10);
}
constexpr void write_text(char* to, std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) to[i] = text[i];
}

// Reads a date from left to right; once something does not fit, nothing fits any more.
class date_reader {
 public:
    constexpr explicit date_reader(std::string_view text) : text_(text) {}

    constexpr date_reader& literal(std::string_view expected) {
        good_ = good_ && text_.substr(0, expected.size()) == expected;
        return advance(expected.size());
    }
    constexpr date_reader& number(std::size_t digits, std::int64_t& value, bool space_padded = false) {
        value = 0;
        for (std::size_t i = 0; i < digits; ++i) {
            const char c = i < text_.size() ? text_[i] : '\0';
            if (space_padded && i == 0 && c == ' ') continue;
            good_ = good_ && is_digit(c);
            value = value * 10 + (c - '0');
        }
        return advance(digits);
    }
    constexpr date_reader& day_name(bool full, int& day) {
        for (day = 0; day < 7; ++day) {
            const std::string_view name = full ? day_names[day] : day_names[day].substr(0, 3);
            if (text_.substr(0, name.size()) == name) return advance(name.size());
        }
        good_ = false;
        return *this;
    }
    constexpr date_reader& month_name(civil_date& date) {
        for (date.month = 1; date.month <= 12; ++date.month)
            if (text_.substr(0, 3) == month_names.substr((date.month - 1) * 3, 3)) return advance(3);
        good_ = false;
        return *this;
    }
    constexpr bool is_done() const { return good_ && text_.empty(); }

 private:
    constexpr date_reader& advance(std::size_t count) {
        good_ = good_ && count <= text_.size();
        if (good_) text_.remove_prefix(count);
        return *this;
    }
    std::string_view text_;
    bool good_ = true;
};

struct date_parts {
    civil_date date{};
    std::int64_t day = 0, hour = 0, minute = 0, second = 0;
    int weekday = 0;
};

constexpr std::optional<unix_seconds> to_seconds(date_parts parts) {
    parts.date.day = static_cast<std::uint32_t>(parts.day);
    if (parts.day < 1 || parts.day > 31 || parts.hour > 23 || parts.minute > 59 || parts.second > 60)
        return std::nullopt;
    const std::int64_t days = days_from_civil(parts.date);
    const civil_date same = civil_from_days(days);
    if (same.month != parts.date.month || same.day != parts.date.day) return std::nullopt;  // 30 February
    return days * day_seconds + parts.hour * 3600 + parts.minute * 60 + parts.second;
}

// "Sun, 06 Nov 1994 08:49:37 GMT"
constexpr std::optional<unix_seconds> parse_imf_fixdate(std::string_view text) {
    date_parts p;
    date_reader in(text);
    in.day_name(false, p.weekday).literal(", ").number(2, p.day).literal(" ").month_name(p.date).literal(" ");
    in.number(4, p.date.year).literal(" ").number(2, p.hour).literal(":").number(2, p.minute).literal(":");
    if (!in.number(2, p.second).literal(" GMT").is_done()) return std::nullopt;
    return to_seconds(p);
}

// "Sun Nov  6 08:49:37 1994"
constexpr std::optional<unix_seconds> parse_asctime(std::string_view text) {
    date_parts p;
    date_reader in(text);
    in.day_name(false, p.weekday)
        .literal(" ")
        .month_name(p.date)
        .literal(" ")
        .number(2, p.day, true)
        .literal(" ");
    in.number(2, p.hour).literal(":").number(2, p.minute).literal(":").number(2, p.second).literal(" ");
    if (!in.number(4, p.date.year).is_done()) return std::nullopt;
    return to_seconds(p);
}

// "Sunday, 06-Nov-94 08:49:37 GMT"
constexpr std::optional<unix_seconds> parse_rfc850(std::string_view text, unix_seconds now) {
    date_parts p;
    date_reader in(text);
    in.day_name(true, p.weekday).literal(", ").number(2, p.day).literal("-").month_name(p.date).literal("-");
    in.number(2, p.date.year).literal(" ").number(2, p.hour).literal(":").number(2, p.minute).literal(":");
    if (!in.number(2, p.second).literal(" GMT").is_done()) return std::nullopt;
    const std::int64_t now_days = (now >= 0 ? now : now - day_seconds + 1) / day_seconds;
    const std::int64_t latest = civil_from_days(now_days).year + 50;
    p.date.year += latest - latest % 100;
    if (p.date.year > latest) p.date.year -= 100;
    return to_seconds(p);
}

}  // namespace detail

constexpr void write_date(char* to, unix_seconds time) {
    constexpr unix_seconds first = -62'167'219'200, last = 253'402'300'799;  // years 0 and 9999
    time = time < first ? first : time > last ? last : time;
    const std::int64_t days = (time >= 0 ? time : time - detail::day_seconds + 1) / detail::day_seconds;
    const std::int64_t second = time - days * detail::day_seconds;
    const detail::civil_date date = detail::civil_from_days(days);
    const std::int64_t weekday = ((days + 4) % 7 + 7) % 7;  // 1970-01-01 was a Thursday

    detail::write_text(to, detail::day_names[weekday].substr(0, 3));
    detail::write_text(to + 3, ", ");
    detail::write_two_digits(to + 5, date.day);
    to[7] = ' ';
    detail::write_text(to + 8, detail::month_names.substr((date.month - 1) * 3, 3));
    to[11] = ' ';
    detail::write_two_digits(to + 12, date.year / 100);
    detail::write_two_digits(to + 14, date.year);
    to[16] = ' ';
    detail::write_two_digits(to + 17, second / 3600);
    to[19] = ':';
    detail::write_two_digits(to + 20, second / 60 % 60);
    to[22] = ':';
    detail::write_two_digits(to + 23, second % 60);
    detail::write_text(to + 25, " GMT");
}

constexpr std::optional<unix_seconds> parse_date(std::string_view text, unix_seconds now) {
    if (text.size() == date_bytes && text[3] == ',') return detail::parse_imf_fixdate(text);
    if (text.size() == 24) return detail::parse_asctime(text);
    return detail::parse_rfc850(text, now);
}

}  // namespace eventcore::http
