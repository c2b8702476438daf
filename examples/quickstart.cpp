// An embedded server: started, waited for, stopped from elsewhere.
#include <eventcore/eventcore.hpp>

#include <cstdio>
#include <string>

namespace ec = eventcore;

struct health {
    std::string status = "healthy";
    std::string server = "EventCore";
};

int main(int argc, char** argv) {
    const ec::command_line line(argc, argv, {.address = "127.0.0.1", .port = 8080, .workers = 2});
    if (!line.ok()) return line.report();

    ec::server server(ec::router(ec::get<"/">([] { return ec::html("<h1>Welcome to EventCore!</h1>"); }),
                                 ec::get<"/api/health">([] { return ec::json{health{}}; })),
                      line.options());

    if (!server.start()) {
        std::fprintf(stderr, "%s\n", server.failure().c_str());
        return 1;
    }
    std::printf("Server running on http://localhost:%d\n", server.port());
    std::fflush(stdout);
    server.wait();
}
