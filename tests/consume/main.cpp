// A user's program in two files, which both include everything; others read JSON and speak TLS.
#include <eventcore/eventcore.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <string_view>

namespace ec = eventcore;

int port_of_other_file();

#ifdef APP_READS_JSON
int answer_in_json();
#endif
#ifdef APP_SPEAKS_TLS
bool serves_tls();
#endif

#if EVENTCORE_HAS_HTTP2
// Whether a connection that begins with HTTP/2's preface is answered with its SETTINGS.
bool speaks_http2(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    constexpr std::string_view hello("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);
    char frame[9] = {};
    const bool is_answered = ::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0 &&
                             ::send(fd, hello.data(), hello.size(), 0) == 33 &&
                             ::recv(fd, frame, sizeof frame, MSG_WAITALL) == 9;
    ::close(fd);
    return is_answered && frame[3] == 4;
}
#endif

int main() {
    ec::server server(ec::router(ec::get<"/">([] { return "Hello, World!"; })),
                      {.address = "127.0.0.1", .port = 0, .workers = 1});
    if (!server.start()) {
        std::fprintf(stderr, "%s\n", server.failure().c_str());
        return 1;
    }
    std::printf("eventcore %s served on port %d with %.*s\n", EVENTCORE_VERSION, server.port(),
                static_cast<int>(server.reactor_name().size()), server.reactor_name().data());
    bool works = server.port() != 0 && port_of_other_file() != 0;
#ifdef APP_READS_JSON
    works = works && answer_in_json() == 42;
    std::puts("and read JSON");
#endif
#ifdef APP_SPEAKS_TLS
    works = works && serves_tls();
    std::puts("and spoke TLS");
#endif
#if EVENTCORE_HAS_HTTP2
    works = works && speaks_http2(server.port());
    std::puts("and spoke HTTP/2");
#endif
    server.stop();
    server.wait();
    return works ? 0 : 1;
}
