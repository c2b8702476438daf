// The arguments every example server understands: --address --port --threads --reactor, and --help.
//
//   ec::command_line line(argc, argv, {.port = 4221});
//   if (!line.ok()) return line.report();              // prints why, or the help; the exit code for main()
//   return ec::serve(app, line.options());
#pragma once

#include <cstdio>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "eventcore/base/parse_number.hpp"
#include "eventcore/server/options.hpp"

namespace eventcore {

class command_line {
 public:
    // `defaults` are the options where an argument does not say otherwise. `positional` names the arguments
    // the program wants besides, for the help: "BASE_DIRECTORY".
    command_line(int argc, const char* const* argv, server_options defaults = {},
                 std::string_view positional = {})
        : options_(std::move(defaults)), positional_(positional), program_(argc > 0 ? argv[0] : "server") {
        for (int i = 1; i < argc && error_.empty() && !wants_help_; ++i) {
            const std::string_view name = argv[i];
            if (name == "--help" || name == "-h") {
                wants_help_ = true;
            } else if (name.substr(0, 2) != "--") {
                add_argument(name);
            } else if (i + 1 == argc) {
                error_ = std::string(name) + " needs a value";
            } else {
                take(name, argv[++i]);
            }
        }
    }

    bool ok() const noexcept { return error_.empty() && !wants_help_; }
    const server_options& options() const& noexcept { return options_; }
    server_options options() && noexcept { return std::move(options_); }
    // What is left when the options are taken out.
    std::span<const std::string_view> arguments() const noexcept { return {arguments_, argument_count_}; }

    // Prints what is wrong (and returns 2) or the help (and returns 0).
    int report() const {
        if (!error_.empty()) std::fprintf(stderr, "%s: %s\n", program_.c_str(), error_.c_str());
        std::fprintf(
            error_.empty() ? stdout : stderr,
            "usage: %s [--address A] [--port N] [--threads N] [--reactor auto|io_uring|epoll|kqueue] %s\n",
            program_.c_str(), std::string(positional_).c_str());
        return error_.empty() ? 0 : 2;
    }

 private:
    static constexpr std::size_t arguments_max = 16;

    void add_argument(std::string_view argument) {
        if (argument_count_ == arguments_max)
            error_ = "too many arguments";
        else
            arguments_[argument_count_++] = argument;
    }
    void take(std::string_view name, std::string_view value) {
        bool fits = false;
        if (name == "--address") {
            options_.address = value;
            fits = !value.empty();
        } else if (name == "--port") {
            fits = take_number(value, options_.port);
        } else if (name == "--threads") {
            fits = take_number(value, options_.workers) && options_.workers <= 1024;
        } else if (name == "--reactor") {
            const result<reactor_kind> kind = parse_reactor_kind(value);
            fits = kind.has_value();
            if (fits) options_.reactor = *kind;
        } else {
            error_ = "unknown option " + std::string(name);
            return;
        }
        if (!fits) error_ = "\"" + std::string(value) + "\" is no value for " + std::string(name);
    }
    template <class Integer>
    static bool take_number(std::string_view text, Integer& to) {
        const std::optional<std::uint64_t> number =
            parse_decimal(text, (std::numeric_limits<Integer>::max)());
        if (number) to = static_cast<Integer>(*number);
        return number.has_value();
    }

    server_options options_;
    std::string_view positional_;
    std::string program_;
    std::string_view arguments_[arguments_max];
    std::size_t argument_count_ = 0;
    std::string error_;
    bool wants_help_ = false;
};

}  // namespace eventcore
