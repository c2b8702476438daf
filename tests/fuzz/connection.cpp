// The whole connection over the simulated reactor: a client sends any bytes and then the end of its stream.
// What it gets does not depend on how the bytes were cut and delayed on the way, and nothing of the
// connection stays.
#include "fuzz.hpp"

#include <optional>
#include <string>

#include "eventcore/reactor/offload.hpp"
#include "eventcore/testing/simulation.hpp"
#include "small_application.hpp"

using namespace eventcore;
using namespace eventcore::test;

namespace {

const auto& routes() {
    static const auto made = small_application(get<"/{path...}">([](std::string path) -> task<std::string> {
        auto same = [&path] { return path; };
        const result<std::string> later = co_await blocking(same);
        co_return later.value();
    }));
    return made;
}

// Without what may differ: whether the content was faster than our 100 (Continue), and the time.
std::string comparable(std::string text) {
    const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
    for (std::size_t at; (at = text.find(interim)) != text.npos;) text.erase(at, interim.size());
    for (std::size_t at = 0; (at = text.find("\r\nDate: ", at)) != text.npos; ++at)
        text.replace(at + 8, 29, 29, '-');
    return text;
}

// Nothing when the connection was reset: to a client that says "close" and yet sends more, that may happen.
std::optional<std::string> run(std::string_view sent, std::uint64_t seed, bool is_cut) {
    testing::simulation_options options;
    options.faults = is_cut ? testing::fault_plan::patient() : testing::fault_plan::none();
    options.faults.slow_peer = 0;  // it would meet the time-outs
    testing::simulation sim(seed, options);
    sim.serve(routes());
    std::string received;
    bool is_broken = false;
    {
        testing::client c = sim.connect();
        c.send(sent);
        c.finish_sending();
        must(sim.run_until([&] { return c.is_over(); }, std::chrono::minutes(10)), "the connection ends");
        is_broken = c.is_broken();
        received = c.received();
    }
    must(sim.drain(), "the server drains");
    must(sim.open_descriptors() == 0, "no descriptor stays open");
    if (is_broken) return std::nullopt;
    return comparable(std::move(received));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view sent = as_text(data, size);
    std::uint64_t seed = size;
    for (const char c : sent) seed = seed * 31 + static_cast<unsigned char>(c);
    const std::optional<std::string> whole = run(sent, 1, false), cut = run(sent, seed, true);
    must(!whole || !cut || *whole == *cut, "the answers do not depend on how the request was cut");
    return 0;
}
