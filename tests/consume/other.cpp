// Links only if nothing in the headers is defined twice.
#include <eventcore/eventcore.hpp>

#include <string>

namespace ec = eventcore;

int port_of_other_file() {
    ec::server server(ec::router(ec::get<"/{name}">([](std::string name) { return "Hello, " + name; })),
                      {.address = "127.0.0.1", .port = 0, .workers = 1});
    return server.start() ? server.port() : 0;
}
