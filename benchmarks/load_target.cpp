// What compare.py loads: every kind of answer and content that costs something else, each as a user would
// write it.
//
//   load_target FILES [--address A] [--port N] [--threads N] [--reactor R]
//
// FILES is a directory with files 1k and 1m.
#include <eventcore/eventcore.hpp>

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

namespace ec = eventcore;

struct greeting {
    std::string_view message;
};

// Opened for each request, as names that clients choose have to be.
ec::task<ec::response> send_file(ec::state<const ec::directory> files, std::string name) {
    ec::result<ec::found_file> found = co_await files->find_file(name);
    if (!found) co_return ec::status::not_found;
    ec::file_region all(std::move(found->descriptor), 0, found->info.size_bytes);
    co_return ec::response::from_file(std::move(all), "application/octet-stream");
}

// Takes what comes and keeps nothing of it.
ec::task<ec::response> upload(ec::body_reader& body) {
    while (true) {
        const ec::result<std::string_view> piece = co_await body.read();
        if (!piece) co_return ec::status::bad_request;
        if (piece->empty()) co_return ec::response{"ok"};
    }
}

// A handler that computes: some 50 to 100 us.
std::string hash_of(std::string_view bytes) {
    std::uint64_t hash = 14695981039346656037U;
    for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    return std::to_string(hash);
}

int main(int argc, char** argv) {
    const ec::command_line line(argc, argv, {}, "FILES");
    if (!line.ok()) return line.report();
    if (line.arguments().size() != 1) return std::fputs("load_target: FILES is missing\n", stderr), 2;
    const ec::result<ec::directory> files = ec::directory::open(std::string(line.arguments().front()));
    if (!files) return std::fputs("load_target: cannot open FILES\n", stderr), 1;

    const std::string body_64k(65536, 'x'), body_1m(1 << 20, 'x');
    const auto send_body = [](std::string_view bytes) {
        return [bytes] { return ec::response::from_view(bytes, "application/octet-stream"); };
    };
    return ec::serve(
        ec::router(ec::provide(&*files), ec::get<"/plaintext">([] { return "Hello, World!"; }),
                   ec::get<"/task">([]() -> ec::task<std::string_view> { co_return "Hello, World!"; }),
                   ec::get<"/close">([] { return "Hello, World!"; }),
                   ec::get<"/json">([] { return ec::json{greeting{"Hello, World!"}}; }),
                   ec::get<"/body/64k">(send_body(body_64k)), ec::get<"/body/1m">(send_body(body_1m)),
                   ec::get<"/files/{name}">(send_file),
                   ec::get<"/work">([&body_64k] { return hash_of(body_64k); }), ec::post<"/upload">(upload)),
        line.options());
}
