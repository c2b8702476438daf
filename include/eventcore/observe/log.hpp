// Saying what happened: one record with a level, a message and named values, given to a sink you choose.
//
//   logger log;                                             // lines on standard error, info and above
//   log.warning("accept failed", {{"reason", error.message()}, {"open", count}});
//
// A logger is a small value that whoever logs is given; there is no global one. A record below the level of
// its logger costs one comparison.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <span>
#include <string_view>

namespace eventcore {

enum class log_level : std::uint8_t { debug, info, warning, error, off };

constexpr std::string_view to_string(log_level level) noexcept {
    constexpr std::string_view names[] = {"debug", "info", "warning", "error", "off"};
    return names[static_cast<std::size_t>(level)];
}

// A named value of a record. Text is borrowed until the call that logs it returns; numbers are kept here.
class log_field {
 public:
    log_field(std::string_view name, std::string_view value) noexcept : name_(name), value_(value) {}
    log_field(std::string_view name, const char* value) noexcept : name_(name), value_(value) {}
    template <std::integral Integer>
    log_field(std::string_view name, Integer number) noexcept : name_(name) {
        if constexpr (std::same_as<Integer, bool>)
            value_ = number ? "true" : "false";
        else
            set_number(static_cast<std::uint64_t>(number), number < 0);
    }
    log_field(const log_field&) = delete;  // value_ may point into digits_
    log_field& operator=(const log_field&) = delete;

    std::string_view name() const noexcept { return name_; }
    std::string_view value() const noexcept { return value_; }

 private:
    // Out of line, because a line of the log has several.
    [[gnu::noinline]] void set_number(std::uint64_t number, bool is_negative) noexcept {
        digits_[0] = '-';
        char* const begin = digits_ + is_negative;
        const auto end =
            std::to_chars(begin, digits_ + sizeof digits_, is_negative ? 0 - number : number).ptr;
        value_ = {digits_, static_cast<std::size_t>(end - digits_)};
    }

    std::string_view name_;
    std::string_view value_;
    char digits_[20];
};

struct log_record {
    log_level level = log_level::info;
    std::string_view message;
    std::span<const log_field> fields;
};

// One line on standard error, written at once so that lines of several threads do not mix.
inline void write_to_stderr(void*, const log_record& record) noexcept;

class logger {
 public:
    // Called on whichever thread logs, with a record that is valid during the call. Must not throw.
    using sink_function = void (*)(void* sink, const log_record&) noexcept;

    logger() noexcept = default;
    explicit logger(log_level least) noexcept : least_(least) {}
    logger(sink_function sink_write, void* sink, log_level least = log_level::info) noexcept
        : write_(sink_write), sink_(sink), least_(least) {}

    bool is_enabled(log_level level) const noexcept { return level >= least_ && least_ != log_level::off; }

    void write(log_level level, std::string_view message,
               std::initializer_list<log_field> fields = {}) const noexcept {
        if (is_enabled(level)) write_(sink_, log_record{level, message, {fields.begin(), fields.size()}});
    }
    void debug(std::string_view message, std::initializer_list<log_field> fields = {}) const noexcept {
        write(log_level::debug, message, fields);
    }
    void info(std::string_view message, std::initializer_list<log_field> fields = {}) const noexcept {
        write(log_level::info, message, fields);
    }
    void warning(std::string_view message, std::initializer_list<log_field> fields = {}) const noexcept {
        write(log_level::warning, message, fields);
    }
    void error(std::string_view message, std::initializer_list<log_field> fields = {}) const noexcept {
        write(log_level::error, message, fields);
    }

 private:
    sink_function write_ = &write_to_stderr;
    void* sink_ = nullptr;
    log_level least_ = log_level::info;
};

namespace detail {

// Text of a fixed size: what does not fit is cut, the line end always fits.
class log_line {
 public:
    void append(char c) noexcept {
        if (size_ < sizeof text_ - 1) text_[size_++] = c;
    }
    void append(std::string_view text) noexcept {
        for (char c : text) append(c);
    }
    // Names and messages may quote what a peer sent: control characters would let it forge lines or drive a
    // terminal, so they are written as \xNN.
    void append_escaped(std::string_view text) noexcept {
        constexpr std::string_view hex = "0123456789abcdef";
        for (char c : text) {
            const auto byte = static_cast<unsigned char>(c);
            if (byte < 0x20 || byte == 0x7f) {
                append("\\x");
                append(hex[byte >> 4]);
                append(hex[byte & 15]);
            } else {
                append(c);
            }
        }
    }
    void append_value(std::string_view text) noexcept {
        bool plain = !text.empty();
        for (char c : text) plain = plain && c != ' ' && c != '"' && c != '=' && c != '\\';
        if (plain) return append_escaped(text);
        append('"');
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] == '"' || text[i] == '\\') append('\\');
            append_escaped(text.substr(i, 1));
        }
        append('"');
    }
    std::string_view finish() noexcept {
        text_[size_] = '\n';
        return {text_, size_ + 1};
    }

 private:
    std::size_t size_ = 0;
    char text_[2048];
};

inline std::string_view format(const log_record& record, log_line& line) noexcept {
    line.append("eventcore: ");
    line.append(to_string(record.level));
    line.append(": ");
    line.append_escaped(record.message);
    for (const log_field& field : record.fields) {
        line.append(' ');
        line.append_escaped(field.name());
        line.append('=');
        line.append_value(field.value());
    }
    return line.finish();
}

}  // namespace detail

inline void write_to_stderr(void*, const log_record& record) noexcept {
    detail::log_line line;
    const std::string_view text = detail::format(record, line);
    std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace eventcore
