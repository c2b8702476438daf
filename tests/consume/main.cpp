// A user's program in two files, which both include everything; others read JSON and speak TLS.
#include <eventcore/eventcore.hpp>

#include <cstdio>

namespace ec = eventcore;

int port_of_other_file();

#ifdef APP_READS_JSON
int answer_in_json();
#endif
#ifdef APP_SPEAKS_TLS
bool serves_tls();
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
    server.stop();
    server.wait();
    return works ? 0 : 1;
}
