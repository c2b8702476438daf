// A page whose buttons call the server that served it: http://127.0.0.1:8080/   (eventcore::json component)
//
//   demo [--address A] [--port 8080] [--threads N] [--reactor auto|io_uring|epoll|kqueue]
#include <eventcore/eventcore.hpp>

#include <csignal>
#include <cstdio>
#include <string>
#include <utility>

#include "api.hpp"
#include "describe_routes.hpp"
#include "page.hpp"

// Scripts and styles are part of the page; nothing else may run in it, and no other page may frame it.
ec::response show_page(const std::string& page) {
    ec::response answer = ec::response::from_view(page, "text/html; charset=utf-8");
    answer.set("content-security-policy",
               "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
               "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    answer.set("x-content-type-options", "nosniff");
    return answer;
}

int main(int argc, char** argv) {
    const ec::command_line line(argc, argv, {.port = 8080});
    if (!line.ok()) return line.report();

    const std::string page = make_page();
    demo_state demo;
    auto app = ec::router(ec::provide(&demo),  //
                          ec::get<"/">([&page] { return show_page(page); }), api_routes());
    demo.routes = describe_routes(app.routes());

    // Blocked before the workers start, which inherit that; taken below, where the server is drained.
    sigset_t stopping;
    sigemptyset(&stopping);
    sigaddset(&stopping, SIGINT);
    sigaddset(&stopping, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &stopping, nullptr);

    ec::server server(std::move(app), line.options());
    demo.server = &server;
    if (!server.start()) {
        std::fprintf(stderr, "demo: %s\n", server.failure().c_str());
        return 1;
    }
    std::printf("Open http://localhost:%d/ (Ctrl-C ends it)\n", server.port());
    std::fflush(stdout);
    int signal = 0;
    sigwait(&stopping, &signal);
    server.stop();
    server.wait();
}
