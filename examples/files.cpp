// A directory that can be read and written over HTTP.
//
//   files BASE_DIRECTORY [--address A] [--port 4221] [--threads N] [--reactor auto|io_uring|epoll|kqueue]
//
//   GET    /echo/{value}       the value                 GET /user-agent    the client's User-Agent
//   GET    /files/{path...}    200, or 404
//   POST   /files/{path...}    201, or 409 when it exists
//   PUT    /files/{path...}    201, or 200 when it was replaced
//   PATCH  /files/{path...}    200 appended, or 201 when it had to be made
//   DELETE /files/{path...}    204, or 404
//
// Parent directories are made as needed; no name leads out of BASE_DIRECTORY (openat2, RESOLVE_BENEATH). POST
// and PUT show a new content when all of it has arrived, and never a part. PATCH appends what arrives, as it
// arrives.
#include <eventcore/eventcore.hpp>

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace ec = eventcore;

using base_directory = ec::state<const ec::directory>;

// What is wrong with a name is the client's business, what is wrong with the disk is a 5xx (web/problem.hpp).
ec::response refuse(std::error_code why) {
    ec::response answer;
    if (why == std::errc::is_a_directory || why == std::errc::file_exists)
        ec::set_problem(answer, {ec::status::conflict, "there is something of this name already", {}, {}});
    else
        ec::set_problem(answer, why);
    return answer;
}

// The parents of what is written are made, so one that is "not found" is a file.
ec::response refuse_write(std::error_code why) {
    return refuse(why == ec::errc::not_found ? make_error_code(std::errc::is_a_directory) : why);
}

// Moves the content to a file piece by piece: a piece is written before the next one is asked for.
ec::task<ec::result<>> save(ec::body_reader& body, ec::pending_file& to) {
    while (true) {
        const ec::result<std::string_view> piece = co_await body.read();
        if (!piece) co_return piece.error();
        if (piece->empty()) co_return ec::result<>();
        const ec::result<std::size_t> written = co_await to.write(*piece);
        if (!written) co_return written.error();
    }
}

ec::task<ec::response> read_file(base_directory base, std::string name) {
    ec::result<ec::found_file> found = co_await base->find_file(name);
    if (found.error() == std::errc::is_a_directory) co_return ec::status::not_found;
    if (!found) co_return refuse(found.error());
    ec::file_region all(std::move(found->descriptor), 0, found->info.size_bytes);
    co_return ec::response::from_file(std::move(all), ec::media_type_of(name));
}

// `only_new`: of several clients that create the same file, one gets 201 and the others 409.
ec::task<ec::response> write_file(base_directory base, std::string name, ec::body_reader& body,
                                  bool only_new) {
    ec::result<ec::pending_file> upload = co_await base->begin(name);
    if (!upload) co_return refuse_write(upload.error());
    const ec::result<> saved = co_await save(body, *upload);
    if (!saved) co_return refuse(saved.error());
    if (only_new) {
        const ec::result<> created = co_await upload->commit_new();
        co_return created ? ec::response(ec::status::created) : refuse_write(created.error());
    }
    const ec::result<bool> replaced = co_await upload->commit();
    if (!replaced) co_return refuse_write(replaced.error());
    co_return *replaced ? ec::status::ok : ec::status::created;
}

ec::task<ec::response> create_file(base_directory base, std::string name, ec::body_reader& body) {
    return write_file(base, std::move(name), body, true);
}
ec::task<ec::response> replace_file(base_directory base, std::string name, ec::body_reader& body) {
    return write_file(base, std::move(name), body, false);
}

ec::task<ec::response> append_to_file(base_directory base, std::string name, ec::body_reader& body) {
    ec::result<ec::file> opened = co_await base->open_to_append(name);
    const bool is_new = opened.error() == ec::errc::not_found;
    if (is_new) {  // made empty first; of several clients that find it missing, one makes it and all append
        ec::result<ec::pending_file> empty = co_await base->begin(name);
        if (!empty) co_return refuse_write(empty.error());
        const ec::result<> made = co_await empty->commit_new();
        if (!made && made.error() != std::errc::file_exists) co_return refuse_write(made.error());
        opened = co_await base->open_to_append(name);
    }
    if (!opened) co_return refuse_write(opened.error());
    while (true) {
        const ec::result<std::string_view> piece = co_await body.read();
        if (!piece) co_return refuse(piece.error());
        if (piece->empty()) co_return is_new ? ec::status::created : ec::status::ok;
        const ec::result<std::size_t> written = co_await opened->write_at(*piece, 0);
        if (!written) co_return refuse(written.error());
    }
}

ec::task<ec::response> delete_file(base_directory base, std::string name) {
    const ec::result<> removed = co_await base->remove(name);
    co_return removed ? ec::response(ec::status::no_content) : refuse(removed.error());
}

// The client's User-Agent, or nothing.
std::string_view tell_user_agent(ec::header<"user-agent", std::optional<std::string_view>> agent) {
    return agent->value_or("");
}

int main(int argc, char** argv) {
    const ec::command_line line(argc, argv, {.port = 4221}, "BASE_DIRECTORY");
    if (!line.ok()) return line.report();
    if (line.arguments().size() != 1) return std::fputs("files: BASE_DIRECTORY is missing\n", stderr), 2;
    const std::string path(line.arguments().front());
    const ec::result<ec::directory> base = ec::directory::open(path);
    if (!base) {
        std::fprintf(stderr, "files: cannot open %s: %s\n", path.c_str(), base.error().message().c_str());
        return 1;
    }
    return ec::serve(
        ec::router(ec::provide(&*base),
                   ec::get<"/echo/{value}">([](std::string_view value) { return value; }),
                   ec::get<"/user-agent">(tell_user_agent), ec::get<"/files/{path...}">(read_file),
                   ec::post<"/files/{path...}">(create_file), ec::put<"/files/{path...}">(replace_file),
                   ec::patch<"/files/{path...}">(append_to_file), ec::del<"/files/{path...}">(delete_file)),
        line.options());
}
