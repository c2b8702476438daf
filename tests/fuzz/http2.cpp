// A whole HTTP/2 connection over the simulated reactor: a client sends the preface, then any bytes, then the
// end of its stream. It is answered or refused whatever they are, and nothing of it stays.
#include "fuzz.hpp"

#include <string>

#include "eventcore/coro/sleep.hpp"
#include "eventcore/server/http2_service.hpp"
#include "eventcore/testing/simulation.hpp"
#include "eventcore/web/websocket.hpp"
#include "small_application.hpp"

using namespace eventcore;
using namespace eventcore::test;

namespace {

task<> echo(websocket ws) {
    while (auto m = co_await ws.receive()) co_await ws.send(*m);
}

const auto& routes() {
    static const auto made =
        small_application(get<"/ws">(echo), get<"/stream">([] {
                              return stream([](body_writer& out) -> task<> {
                                  for (int i = 0; i < 10; ++i)
                                      if (!co_await out.write(std::string(10'000, 's'))) co_return;
                              });
                          }),
                          get<"/{path...}">([](std::string path) -> task<std::string> {
                              static_cast<void>(co_await sleep_for(std::chrono::milliseconds(path.size())));
                              co_return path;
                          }));
    return made;
}

// Every frame that comes back is one, from the first byte to the last: a server that loses count would say
// so here.
void check_frames(std::string_view received, bool is_whole) {
    while (received.size() >= 9) {
        const auto octet = [&](std::size_t at) { return static_cast<unsigned char>(received[at]); };
        const std::size_t length = std::size_t{octet(0)} << 16 | std::size_t{octet(1)} << 8 | octet(2);
        must(length <= 16384, "no frame is larger than a client must take");
        must(octet(3) <= 9, "every frame has a type of RFC 9113");
        if (received.size() < 9 + length) break;
        received.remove_prefix(9 + length);
    }
    must(!is_whole || received.empty(), "the last frame is whole");
}

void run(std::string_view sent, std::uint64_t seed, bool is_cut) {
    testing::simulation_options options;
    options.faults = is_cut ? testing::fault_plan::patient() : testing::fault_plan::none();
    testing::simulation sim(seed, options);
    sim.serve(routes());
    {
        testing::client c = sim.connect();
        c.send(std::string(http2_preface) + std::string(sent));
        c.finish_sending();
        must(sim.run_until([&] { return c.is_over(); }, std::chrono::minutes(10)), "the connection ends");
        check_frames(c.received(), !c.is_broken());
    }
    must(sim.drain(), "the server drains");
    must(sim.open_descriptors() == 0, "no descriptor stays open");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view sent = as_text(data, size);
    std::uint64_t seed = size;
    for (const char c : sent) seed = seed * 31 + static_cast<unsigned char>(c);
    run(sent, 1, false);
    run(sent, seed, true);
    return 0;
}
