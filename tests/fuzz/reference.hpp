// What a request may look like, written a second time and naively: line by line, from the grammar of RFC
// 9112, 3986 and 9110, with nothing in common with the parser but small character classes. Fuzz targets hold
// the parser against it, and name by it why another parser decides otherwise.
#pragma once

#include <arpa/inet.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eventcore/base/ascii.hpp"

namespace eventcore::test::reference {

// Why a request is refused; fine: it is not, so far as it has come.
enum class oddity : std::uint8_t {
    fine,
    unfinished,     // the octets end before the message does
    line_end,       // CR or LF alone
    request_line,   // not three parts with one space between them
    version,        // not HTTP/1.x
    method,         // no token
    target,         // a character or a form that is not allowed
    fold,           // a line that begins with whitespace
    name,           // no token before the colon
    value,          // a control octet
    host,           // none, two, or an invalid one
    length,         // Content-Length that is no number, is too large, or is there twice
    both_framings,  // Content-Length and Transfer-Encoding
    coding,         // Transfer-Encoding that is not "chunked", or in HTTP/1.0
    expectation,    // other than 100-continue
    chunk,          // the grammar of chunks
    trailer,        // the grammar of trailers, or a field that may not be there
};

struct message {
    oddity why = oddity::fine;
    std::size_t bytes = 0;  // fine: of the whole message
    std::string method, target, content;
    std::vector<std::pair<std::string, std::string>> fields;
    bool is_close = false;
};

inline bool all_of(std::string_view text, bool (*allowed)(char)) {
    return std::all_of(text.begin(), text.end(), allowed);
}
inline bool is_hex(char c) { return (c >= '0' && c <= '9') || (to_lower(c) >= 'a' && to_lower(c) <= 'f'); }
inline bool is_unreserved_or_delim(char c) {
    return is_alpha(c) || is_digit(c) ||
           std::string_view("-._~!$&'()*+,;=").find(c) != std::string_view::npos;
}
inline bool is_value(std::string_view text) {
    return all_of(text, [](char c) { return c == '\t' || (c != 0x7f && !(c >= 0 && c < 0x20)); });
}
inline std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}
inline std::string lower(std::string_view text) {
    std::string small(text);
    for (char& c : small) c = to_lower(c);
    return small;
}
inline bool is_name_token(std::string_view text) {
    return !text.empty() && all_of(text, [](char c) {
        return is_alpha(c) || is_digit(c) ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

// Escapes complete, and the rest made of `extra` and what is always allowed.
inline bool is_uri_text(std::string_view text, std::string_view extra, bool zero_allowed) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            if (text.size() - i < 3 || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
            if (!zero_allowed && text.substr(i + 1, 2) == "00") return false;
        } else if (!is_unreserved_or_delim(text[i]) && extra.find(text[i]) == std::string_view::npos) {
            return false;
        }
    }
    return true;
}
inline bool is_path_and_query(std::string_view text) {
    const std::size_t question = std::min(text.find('?'), text.size());
    return is_uri_text(text.substr(0, question), ":@/", false) &&
           is_uri_text(text.substr(question), ":@/?", true);
}

inline bool is_port(std::string_view text) {
    if (!all_of(text, is_digit)) return false;
    while (text.size() > 1 && text.front() == '0') text.remove_prefix(1);
    return text.size() < 5 || (text.size() == 5 && text <= "65535");
}
inline bool is_ipv6(std::string_view text) {
    in6_addr parsed{};
    const std::string copy(text);
    return copy.size() == std::string_view(copy.c_str()).size() &&
           ::inet_pton(AF_INET6, copy.c_str(), &parsed) == 1;
}
inline bool is_authority(std::string_view text) {
    std::string_view host = text;
    std::optional<std::string_view> port;
    const bool bracketed = !text.empty() && text.front() == '[';
    const std::size_t from = bracketed ? text.find(']') : 0;
    if (from == std::string_view::npos) return false;
    if (const std::size_t colon = text.find(':', from); colon != std::string_view::npos) {
        host = text.substr(0, colon);
        port = text.substr(colon + 1);
        if (host.empty() || !is_port(*port)) return false;
    }
    if (!bracketed) return is_uri_text(host, "", false);
    if (host.back() != ']') return false;
    host = host.substr(1, host.size() - 2);
    if (is_ipv6(host)) return true;
    const std::size_t dot = host.find('.');
    return !host.empty() && to_lower(host.front()) == 'v' && dot != std::string_view::npos && dot > 1 &&
           all_of(host.substr(1, dot - 1), is_hex) && dot + 1 < host.size() &&
           all_of(host.substr(dot + 1), [](char c) { return is_unreserved_or_delim(c) || c == ':'; });
}
inline bool is_target(std::string_view method, std::string_view target) {
    if (method == "CONNECT") {
        const std::size_t colon = target.rfind(':');
        return is_authority(target) && colon != std::string_view::npos && colon + 1 < target.size() &&
               target[colon - 1] != ':' && target.back() != ']';
    }
    if (target == "*") return method == "OPTIONS";
    if (!target.empty() && target.front() == '/') return is_path_and_query(target);
    const std::string small = lower(target);
    const std::size_t scheme = small.rfind("http://", 0) == 0 ? 7 : small.rfind("https://", 0) == 0 ? 8 : 0;
    if (scheme == 0) return false;
    const std::string_view rest = target.substr(scheme);
    const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
    return end != 0 && is_authority(rest.substr(0, end)) && is_path_and_query(rest.substr(end));
}

// Takes a line that ends with CR LF off the front.
inline oddity take_line(std::string_view& text, std::string_view& line) {
    const std::size_t end = text.find_first_of("\r\n");
    if (end == std::string_view::npos || (text[end] == '\r' && end + 1 == text.size()))
        return oddity::unfinished;
    if (text[end] != '\r' || text[end + 1] != '\n') return oddity::line_end;
    line = text.substr(0, end);
    text.remove_prefix(end + 2);
    return oddity::fine;
}

inline std::vector<std::string> members(std::string_view list) {
    std::vector<std::string> all;
    while (true) {
        const std::size_t comma = std::min(list.find(','), list.size());
        if (const std::string_view one = trim(list.substr(0, comma)); !one.empty()) all.push_back(lower(one));
        if (comma == list.size()) return all;
        list.remove_prefix(comma + 1);
    }
}

// *( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )
inline bool is_chunk_extension(std::string_view text) {
    const auto skip_space = [&] {
        text.remove_prefix(text.size() - trim(std::string(text) + ".").size() + 1);
    };
    const auto take_token = [&] {
        std::size_t size = 0;
        while (size < text.size() && is_name_token(text.substr(size, 1))) ++size;
        text.remove_prefix(size);
        return size != 0;
    };
    while (!text.empty()) {
        skip_space();
        if (text.empty() || text.front() != ';') return false;
        text.remove_prefix(1);
        skip_space();
        if (!take_token()) return false;
        const std::string_view after_name = text;
        skip_space();
        if (text.empty() || text.front() != '=') {
            text = after_name;
            continue;
        }
        text.remove_prefix(1);
        skip_space();
        if (text.empty() || text.front() != '"') {
            if (!take_token()) return false;
            continue;
        }
        std::size_t at = 1;
        while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
        if (at >= text.size() || !is_value(text.substr(0, at))) return false;
        text.remove_prefix(at + 1);
    }
    return true;
}

inline bool is_allowed_in_trailers(std::string_view name) {
    for (const char* forbidden :
         {"host", "content-length", "transfer-encoding", "connection", "expect", "upgrade", "trailer", "te",
          "authorization", "proxy-authorization", "cookie"})
        if (lower(name) == forbidden) return false;
    return true;
}

// Chunks and trailers at the front of `text`, which is cut down to what follows them.
inline oddity take_chunks(std::string_view& text, std::string& content) {
    std::string_view line;
    while (true) {
        if (const oddity odd = take_line(text, line); odd != oddity::fine)
            return odd == oddity::unfinished ? odd : oddity::chunk;
        std::size_t digits = 0;
        while (digits < line.size() && is_hex(line[digits])) ++digits;
        const std::size_t zeros = std::min(line.find_first_not_of('0'), digits);
        if (digits == 0 || digits - zeros > 16 || !is_chunk_extension(line.substr(digits)))
            return oddity::chunk;
        std::uint64_t size = 0;
        for (const char c : line.substr(0, digits))
            size = size << 4 | static_cast<std::uint64_t>(hex_value(c));
        if (size == 0) break;
        if (size > text.size()) return oddity::unfinished;
        content += text.substr(0, static_cast<std::size_t>(size));
        text.remove_prefix(static_cast<std::size_t>(size));
        if (text.empty() || text == "\r") return oddity::unfinished;
        if (text.substr(0, 2) != "\r\n") return oddity::chunk;
        text.remove_prefix(2);
    }
    while (true) {
        if (const oddity odd = take_line(text, line); odd != oddity::fine)
            return odd == oddity::unfinished ? odd : oddity::trailer;
        if (line.empty()) return oddity::fine;
        const std::size_t colon = line.find(':');
        const bool good = colon != std::string_view::npos && is_name_token(line.substr(0, colon)) &&
                          is_value(line.substr(colon + 1)) && is_allowed_in_trailers(line.substr(0, colon));
        if (!good) return oddity::trailer;
    }
}

namespace detail {

inline oddity read_request_line(std::string_view line, message& m, bool& is_old) {
    const std::size_t first = line.find(' '), last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) return oddity::request_line;
    m.method = line.substr(0, first);
    m.target = line.substr(first + 1, last - first - 1);
    const std::string_view version = line.substr(last + 1);
    if (!is_name_token(m.method)) return oddity::method;
    if (m.target.find(' ') != std::string::npos) return oddity::request_line;
    if (!is_target(m.method, m.target)) return oddity::target;
    const bool shaped = version.size() == 8 && version.substr(0, 5) == "HTTP/" && is_digit(version[5]) &&
                        version[6] == '.' && is_digit(version[7]);
    if (!shaped || version[5] != '1') return oddity::version;
    is_old = version[7] == '0';
    return oddity::fine;
}

inline oddity read_field(std::string_view line, message& m) {
    if (line.front() == ' ' || line.front() == '\t') return oddity::fold;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_name_token(line.substr(0, colon))) return oddity::name;
    if (!is_value(line.substr(colon + 1))) return oddity::value;
    m.fields.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
    return oddity::fine;
}

struct framing {
    std::vector<std::string> codings;
    std::optional<std::uint64_t> length;
    bool has_coding = false;
};

inline std::optional<std::uint64_t> read_length(const std::string& value) {
    if (value.empty() || !all_of(value, is_digit)) return std::nullopt;
    std::uint64_t number = 0;
    for (const char c : value) {
        const auto digit = static_cast<std::uint64_t>(c - '0');
        if (number > (UINT64_MAX - digit) / 10) return std::nullopt;
        number = number * 10 + digit;
    }
    return number;
}

inline oddity judge_fields(message& m, bool is_old, framing& how) {
    std::size_t hosts = 0;
    bool keeps = !is_old;
    for (const auto& [name, value] : m.fields) {
        const std::string known = lower(name);
        if (known == "host" && (++hosts > 1 || !is_authority(value))) return oddity::host;
        if (known == "content-length") {
            if (how.length) return oddity::length;
            how.length = read_length(value);
            if (!how.length) return oddity::length;
        }
        if (known == "transfer-encoding") {
            how.has_coding = true;
            for (std::string& one : members(value)) how.codings.push_back(std::move(one));
        }
        if (known == "expect")
            for (const std::string& one : members(value))
                if (one != "100-continue") return oddity::expectation;
        if (known != "connection") continue;
        for (const std::string& one : members(value)) {
            m.is_close |= one == "close";
            keeps |= one == "keep-alive";
        }
    }
    m.is_close |= !keeps;
    if (hosts == 0 && !is_old) return oddity::host;
    if (how.has_coding && how.length) return oddity::both_framings;
    if (how.has_coding && (is_old || how.codings.size() != 1 || how.codings.front() != "chunked"))
        return oddity::coding;
    return oddity::fine;
}

inline oddity read(std::string_view& text, message& m) {
    if (text.substr(0, 2) == "\r\n") text.remove_prefix(2);
    std::string_view line;
    bool is_old = false;
    if (const oddity odd = take_line(text, line); odd != oddity::fine) return odd;
    if (const oddity odd = read_request_line(line, m, is_old); odd != oddity::fine) return odd;
    while (true) {
        if (const oddity odd = take_line(text, line); odd != oddity::fine) return odd;
        if (line.empty()) break;
        if (const oddity odd = read_field(line, m); odd != oddity::fine) return odd;
    }
    framing how;
    if (const oddity odd = judge_fields(m, is_old, how); odd != oddity::fine) return odd;
    if (how.has_coding) return take_chunks(text, m.content);
    const std::uint64_t length = how.length.value_or(0);
    if (length > text.size()) return oddity::unfinished;
    m.content = text.substr(0, static_cast<std::size_t>(length));
    text.remove_prefix(static_cast<std::size_t>(length));
    return oddity::fine;
}

}  // namespace detail

// The message at the front of `text`.
inline message read(std::string_view text) {
    message m;
    std::string_view rest = text;
    m.why = detail::read(rest, m);
    m.bytes = text.size() - rest.size();
    return m;
}

}  // namespace eventcore::test::reference
