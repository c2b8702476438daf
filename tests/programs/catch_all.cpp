// The server under test of tests/conformance and tests/abuse: answers every method on every path with 200,
// after it has read the content, and tells what it has understood:
//
//   catch_all [STATIC_DIRECTORY] [name=value ...] [--address A] [--port N] [--threads N] [--reactor R]
//
//   GET /static/{path...}   a file of STATIC_DIRECTORY
//   GET /wait/{ms}          answers after that many milliseconds
//   GET /zeros/{bytes}      streams that many bytes, chunked
//   GET /statistics         what the process has open and has counted, one "name value" a line
//   anything else           "METHOD TARGET\n" and the content of the request
//
// name=value: header_ms, body_ms, write_ms, idle_ms, drain_ms, connections,
// hand_over.
#include <eventcore/eventcore.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace ec = eventcore;

namespace {

std::atomic<std::uint64_t> answered{0};

std::string echo(ec::request& req) {
    answered.fetch_add(1, std::memory_order_relaxed);
    std::string text(req.head().method_text);
    text += ' ';
    text += req.head().target;
    text += '\n';
    text += req.content();
    return text;
}

using base_directory = ec::state<const ec::directory>;

ec::task<ec::response> read_file(base_directory base, std::string name) {
    ec::result<ec::found_file> found = co_await base->find_file(name);
    if (found.error() == ec::errc::not_found) co_return ec::status::not_found;
    if (!found) co_return ec::status::service_unavailable;
    ec::file_region all(std::move(found->descriptor), 0, found->info.size_bytes);
    co_return ec::response::from_file(std::move(all), ec::media_type_of(name));
}

ec::task<std::string> wait(std::uint32_t ms) {
    const ec::result<> slept = co_await ec::sleep_for(std::chrono::milliseconds(ms));
    co_return slept ? "waited\n" : "cancelled\n";
}

ec::task<> write_zeros(ec::body_writer& out, std::uint64_t bytes) {
    const std::string piece(16 * 1024, '0');
    for (std::uint64_t left = bytes; left > 0;) {
        const std::size_t now = left < piece.size() ? static_cast<std::size_t>(left) : piece.size();
        if (!co_await out.write(std::string_view(piece).substr(0, now))) co_return;
        left -= now;
    }
}

ec::response zeros(std::uint64_t bytes) {
    auto produce = [bytes](ec::body_writer& out) -> ec::task<> { return write_zeros(out, bytes); };
    return ec::stream(produce, "application/octet-stream");
}

std::string statistics() { return "answered " + std::to_string(answered.load()) + "\n"; }

// False when it is no setting.
bool take(std::string_view setting, ec::server_options& options) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view name = setting.substr(0, equals);
    const auto value = ec::parse_decimal<std::uint32_t>(setting.substr(equals + 1));
    if (!value) return false;
    const std::chrono::milliseconds time(*value);
    if (name == "header_ms") return options.header_timeout = time, true;
    if (name == "body_ms") return options.body_timeout = time, true;
    if (name == "write_ms") return options.write_timeout = time, true;
    if (name == "idle_ms") return options.idle_timeout = time, true;
    if (name == "drain_ms") return options.drain_timeout = time, true;
    if (name == "hand_over") return options.hand_over = *value != 0, true;
    if (name == "connections") return options.connections_max = *value, true;
    return false;
}

}  // namespace

int main(int argc, char** argv) {
    const ec::command_line line(argc, argv, {}, "[STATIC_DIRECTORY] [name=value ...]");
    if (!line.ok()) return line.report();
    ec::server_options options = line.options();
    std::string path = "/";
    for (const std::string_view argument : line.arguments())
        if (!take(argument, options)) path = argument;
    const ec::result<ec::directory> base = ec::directory::open(path);
    if (!base) {
        std::fprintf(stderr, "catch_all: cannot open %s: %s\n", path.c_str(), base.error().message().c_str());
        return 1;
    }
    return ec::serve(ec::router(ec::provide(&*base), ec::any<"/">(echo), ec::any<"/{path...}">(echo),
                                ec::get<"/static/{path...}">(read_file), ec::get<"/wait/{ms}">(wait),
                                ec::get<"/zeros/{bytes}">(zeros), ec::get<"/statistics">(statistics)),
                     options);
}
