// A value that changes all the time, as server-sent events: http://127.0.0.1:8080/ draws it.
#include <eventcore/eventcore.hpp>

#include <charconv>
#include <cstdint>
#include <string>

#include "page.hpp"

namespace ec = eventcore;
using namespace std::chrono_literals;

namespace {

// The same walk for everybody: the value at a step is a function of the step, so that a client which comes
// back can be given what it has missed.
int value_at(std::uint64_t step) {
    int value = 0;
    for (std::uint64_t octave = 0; octave < 6; ++octave) {
        const std::uint64_t length = std::uint64_t{1} << (octave + 1), at = step % length;
        std::uint64_t mixed = (step / length + octave * 977) * 0x9E3779B97F4A7C15;
        mixed ^= mixed >> 29;
        const auto swing = static_cast<int>(mixed % 15) - 7;
        value += swing * static_cast<int>(at < length / 2 ? at : length - at);
    }
    return value;
}

std::uint64_t now_step(const ec::context& c) {
    return static_cast<std::uint64_t>(c.home().wall_now().time_since_epoch() / 250ms);
}

ec::response ticks(ec::last_event_id seen) {
    std::uint64_t next = 0;
    if (*seen) std::from_chars((*seen)->data(), (*seen)->data() + (*seen)->size(), next);
    if (next > 0) ++next;
    return ec::sse(
        [next](ec::event_stream& out) -> ec::task<> {
            std::uint64_t step = next;
            const std::uint64_t now = now_step(out.ctx());
            if (step == 0 || step + 240 < now || step > now) step = now < 60 ? 0 : now - 60;  // some history
            while (true) {
                for (; step <= now_step(out.ctx()); ++step) {
                    const std::string id = std::to_string(step), value = std::to_string(value_at(step));
                    if (!co_await out.send({value, "tick", id, {}})) co_return;
                }
                if (!co_await ec::sleep_for(250ms)) co_return;
            }
        },
        {.retry = 1s});
}

}  // namespace

int main(int argc, char** argv) {
    return ec::serve(ec::router(ec::get<"/">([] { return ec::html(ticker_page); }),  //
                                ec::get<"/ticks">(ticks)),
                     argc, argv);
}
