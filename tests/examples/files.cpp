#include "program.hpp"

namespace {

// The server's base is base/ in a directory of the test's; what is beside base/ is out of bounds.
struct files_server {
    explicit files_server(const std::string& reactor)
        : outside(), server((prepare(outside), "files"), reactor, {outside / "base"}) {}

    static void prepare(const scratch_directory& where) {
        where.make("base");
        where.write("secret", "secret");
    }
    std::string base(const std::string& name) const { return outside.read("base/" + name); }
    int status(const std::string& method, const std::string& target, std::string_view content = {}) const {
        return status_of(server.ask(method, target, {}, content));
    }

    scratch_directory outside;
    example_program server;
};

std::string many_bytes(std::size_t count) {
    std::string bytes(count, '\0');
    std::uint32_t state = 1;
    for (char& c : bytes) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
    return bytes;
}

// Waits for something that another process does soon.
template <class Condition>
bool eventually(Condition condition) {
    for (int i = 0; i < 2000 && !condition(); ++i) ::usleep(5000);
    return condition();
}

}  // namespace

TEST_CASE("files echoes a value of the path and the User-Agent") {
    files_server files(EVENTCORE_EVERY_REACTOR_NAME);
    const std::string echo = files.server.ask("GET", "/echo/hello%20world");
    CHECK(status_of(echo) == 200);
    CHECK(content_of(echo) == "hello world");
    CHECK(field_of(echo, "Content-Type") == "text/plain; charset=utf-8");
    CHECK(files.status("GET", "/echo/") == 404);
    CHECK(files.status("GET", "/echo/a/b") == 404);
    const std::string agent = files.server.ask("GET", "/user-agent", "User-Agent: test/1.0 (x)\r\n");
    CHECK(content_of(agent) == "test/1.0 (x)");
    CHECK(status_of(files.server.ask("GET", "/user-agent")) == 200);
    CHECK(files.server.stops_well());
}

TEST_CASE("files reads what is there, and knows HEAD") {
    files_server files(EVENTCORE_EVERY_REACTOR_NAME);
    files.outside.write("base/page.html", "<h1>hi</h1>");
    files.outside.write("base/empty", "");
    const std::string page = files.server.ask("GET", "/files/page.html");
    CHECK(status_of(page) == 200);
    CHECK(content_of(page) == "<h1>hi</h1>");
    CHECK(field_of(page, "Content-Type") == "text/html; charset=utf-8");
    const std::string head = files.server.ask("HEAD", "/files/page.html");
    CHECK(status_of(head) == 200);
    CHECK(field_of(head, "Content-Length") == "11");
    CHECK(content_of(head).empty());
    const std::string empty = files.server.ask("GET", "/files/empty");
    CHECK(status_of(empty) == 200);
    CHECK(field_of(empty, "Content-Length") == "0");
    CHECK(files.status("GET", "/files/nothing") == 404);
    CHECK(files.status("HEAD", "/files/nothing") == 404);
    CHECK(files.status("GET", "/files/page.html/below") == 404);
    CHECK(files.status("GET", "/files/") == 404);
    CHECK(files.status("GET", "/files") == 404);
}

TEST_CASE("files creates with POST, and only once") {
    files_server files(EVENTCORE_EVERY_REACTOR_NAME);
    CHECK(files.status("POST", "/files/a/b/new", "one") == 201);
    CHECK(files.base("a/b/new") == "one");
    CHECK(files.status("POST", "/files/a/b/new", "two") == 409);
    CHECK(files.base("a/b/new") == "one");
    CHECK(files.status("POST", "/files/empty") == 201);
    CHECK(files.outside.has("base/empty"));
}

TEST_CASE("files creates or replaces with PUT") {
    files_server files(EVENTCORE_EVERY_REACTOR_NAME);
    CHECK(files.status("PUT", "/files/deep/er/file", "first content") == 201);
    CHECK(files.base("deep/er/file") == "first content");
    CHECK(files.status("PUT", "/files/deep/er/file", "second") == 200);
    CHECK(files.base("deep/er/file") == "second");
}

TEST_CASE("files appends with PATCH, and makes what is missing") {
    files_server files(EVENTCORE_EVERY_REACTOR_NAME);
    CHECK(files.status("PATCH", "/files/logs/today", "one\n") == 201);
    CHECK(files.status("PATCH", "/files/logs/today", "two\n") == 200);
    CHECK(files.base("logs/today") == "one\ntwo\n");
}

TEST_CASE("files removes with DELETE") {
    files_server files(EVENTCORE_EVERY_REACTOR_NAME);
    files.outside.write("base/old", "x");
    CHECK(files.status("DELETE", "/files/old") == 204);
    CHECK_FALSE(files.outside.has("base/old"));
    CHECK(files.status("DELETE", "/files/old") == 404);
    CHECK(files.status("DELETE", "/files/no/such/parent") == 404);
}

TEST_CASE("files does not take a directory for a file") {
    files_server files(EVENTCORE_EVERY_REACTOR_NAME);
    files.outside.make("base/folder");
    files.outside.write("base/file", "x");
    CHECK(files.status("GET", "/files/folder") == 404);
    for (const char* method : {"POST", "PUT", "PATCH", "DELETE"}) {
        CAPTURE(method);
        CHECK(files.status(method, "/files/folder", "y") == 409);
    }
    for (const char* method : {"POST", "PUT", "PATCH"}) {
        CAPTURE(method);
        CHECK(files.status(method, "/files/file/below", "y") == 409);
    }
    CHECK(files.base("file") == "x");
}

TEST_CASE("no name leads out of the base directory") {
    files_server files(EVENTCORE_EVERY_REACTOR_NAME);
    REQUIRE(::symlink("/etc", (files.outside / "base/link").c_str()) == 0);
    REQUIRE(::symlink("../secret", (files.outside / "base/secret-link").c_str()) == 0);
    const std::string absolute = "/files/" + (files.outside / "secret");
    const std::vector<std::string> targets = {
        "/files/../secret", "/files/a/../../secret", "/files/%2e%2e/secret", "/files/.%2E/secret",
        "/files/..%2fsecret", "/files/..%2Fsecret", "/files/a%2f..%2f..%2fsecret", "/files/%2e%2e%2fsecret",
        absolute, "/files/%2fetc%2fpasswd", "/files//etc/passwd", "/files/link/passwd", "/files/secret-link",
        "/files/secret%00", "/files/./secret", "/files/..\\secret", "/files/..", "/files/%2e%2e"};
    for (const std::string& target : targets) {
        CAPTURE(target);
        for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
            CAPTURE(method);
            const std::string content = *method == 'G' ? "" : "overwritten";
            const std::string response = files.server.ask(method, target, {}, content);
            const int status = status_of(response);
            const bool is_refused = status == 400 || status == 404 || status == 409;
            // A backslash is a letter, and a link can itself be replaced or removed: both stay inside.
            const bool is_inside = target == "/files/..\\secret" || target == "/files/secret-link";
            CHECK((is_refused || (is_inside && status / 100 == 2)));
            CHECK(response.find("root:") == std::string::npos);
            CHECK(content_of(response) != "secret");  // GET comes first, when the links are whole
        }
        CHECK(files.outside.read("secret") == "secret");
    }
    CHECK_FALSE(files.outside.has("base/secret"));
    CHECK(status_of(files.server.ask("GET", "/echo/still-here")) == 200);
    CHECK(files.server.stops_well());
}

TEST_CASE("files moves large contents in both directions, counted and chunked") {
    files_server files(EVENTCORE_EVERY_REACTOR_NAME);
    const std::string bytes = many_bytes(5'000'003);
    CHECK(files.status("PUT", "/files/big", bytes) == 201);
    CHECK(files.base("big") == bytes);
    const std::string response = files.server.ask("GET", "/files/big");
    CHECK(field_of(response, "Content-Length") == "5000003");
    CHECK(content_of(response) == bytes);

    raw_client client(files.server.port());
    client.send("POST /files/chunked HTTP/1.1\r\nHost: example\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send("5\r\nhello\r\n");
    client.send("7\r\n, world\r\n0\r\n\r\n");
    CHECK(status_of(client.receive_response()) == 201);
    CHECK(files.base("chunked") == "hello, world");
}

TEST_CASE("an upload that is not complete is never seen") {
    files_server files(EVENTCORE_EVERY_REACTOR_NAME);
    files.outside.write("base/kept", "the old content");
    for (const char* target : {"PUT /files/kept", "POST /files/fresh", "PUT /files/folder/fresh"}) {
        CAPTURE(target);
        raw_client client(files.server.port());
        client.send(std::string(target) + " HTTP/1.1\r\nHost: example\r\nContent-Length: 1000000\r\n\r\n");
        client.send(many_bytes(300'000));
        client.reset();
    }
    // As long as the broken uploads are open the server waits; then it has dropped what they brought.
    CHECK(files.server.stops_well());
    CHECK(files.base("kept") == "the old content");
    CHECK_FALSE(files.outside.has("base/fresh"));
    CHECK_FALSE(files.outside.has("base/folder/fresh"));
    const std::string hidden_files = "$(find " + (files.outside / "base") + " -name '.*' -type f)";
    CHECK(std::system(("test -z \"" + hidden_files + "\"").c_str()) == 0);
}

TEST_CASE("a reader sees the old content or the new one, and of several creators one wins") {
    files_server files(EVENTCORE_EVERY_REACTOR_NAME);
    files.outside.write("base/shared", std::string(100'000, 'a'));
    raw_client writer(files.server.port());
    writer.send("PUT /files/shared HTTP/1.1\r\nHost: example\r\nContent-Length: 100000\r\n\r\n");
    writer.send(std::string(50'000, 'b'));
    CHECK(content_of(files.server.ask("GET", "/files/shared")) == std::string(100'000, 'a'));
    writer.send(std::string(50'000, 'b'));
    CHECK(status_of(writer.receive_response()) == 200);
    CHECK(content_of(files.server.ask("GET", "/files/shared")) == std::string(100'000, 'b'));

    raw_client first(files.server.port()), second(files.server.port());
    const std::string create = "POST /files/race HTTP/1.1\r\nHost: example\r\nContent-Length: 2\r\n\r\n";
    first.send(create + "1");
    second.send(create + "2");
    second.send("2");
    CHECK(status_of(second.receive_response()) == 201);
    first.send("1");
    CHECK(status_of(first.receive_response()) == 409);
    CHECK(files.base("race") == "22");
}

TEST_CASE("an upload does not grow the server") {
    files_server files(EVENTCORE_EVERY_REACTOR_NAME);
    const auto pages = [&] {
        std::ifstream status("/proc/" + std::to_string(files.server.process()) + "/statm");
        long total = 0, resident = 0;
        status >> total >> resident;
        return resident;
    };
    const std::string piece = many_bytes(1'000'000);
    CHECK(files.status("PUT", "/files/warm", piece) == 201);
    const long before = pages();
    raw_client client(files.server.port());
    client.send("PUT /files/huge HTTP/1.1\r\nHost: example\r\nContent-Length: 100000000\r\n\r\n");
    for (int i = 0; i < 100; ++i) client.send(piece);
    CHECK(status_of(client.receive_response()) == 201);
    CHECK((pages() - before) * ::sysconf(_SC_PAGESIZE) < 10'000'000);  // a tenth of what went through
    CHECK(eventually([&] { return files.base("huge").size() == 100'000'000; }));
}

TEST_CASE("files says what is missing when it cannot start") {
    const std::string program = EVENTCORE_BINARY_DIR "/bin/files";
    CHECK(WEXITSTATUS(std::system((program + " 2> /dev/null").c_str())) == 2);
    CHECK(WEXITSTATUS(std::system((program + " /no/such/directory 2> /dev/null").c_str())) == 1);
}
