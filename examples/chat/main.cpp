// Rooms to talk in, over WebSockets: http://127.0.0.1:8080/ in two windows. /echo says back what it hears.
#include <eventcore/eventcore.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "page.hpp"

#if EVENTCORE_HAS_ZLIB  // the component eventcore::compression is there
#include <eventcore/http/websocket/zlib_deflate.hpp>
#endif

namespace ec = eventcore;
using namespace std::chrono_literals;

namespace {

// The rooms there are, for all workers; one that nobody is in goes.
class rooms {
 public:
    std::shared_ptr<ec::topic> enter(const std::string& name) {
        const std::lock_guard lock(mutex_);
        std::weak_ptr<ec::topic>& place = rooms_[name];
        std::shared_ptr<ec::topic> room = place.lock();
        if (!room) place = room = std::make_shared<ec::topic>(ec::slow_consumer::close);
        for (auto each = rooms_.begin(); each != rooms_.end();)
            each = each->second.expired() ? rooms_.erase(each) : std::next(each);
        return room;
    }

 private:
    std::mutex mutex_;
    std::map<std::string, std::weak_ptr<ec::topic>> rooms_;
};

ec::task<> talk(std::string room_name, ec::state<rooms> all, ec::websocket ws) {
    if (room_name.size() > 64) co_return ws.close(ec::close_code::policy_violation, "a long name");
    const std::shared_ptr<ec::topic> room = all->enter(room_name);
    const auto seat = room->subscribe(ws);
    while (auto said = co_await ws.receive()) {
        if (!said->is_text()) continue;
        room->publish(said->view());
    }
}

ec::task<> echo(ec::websocket ws) {
    while (auto m = co_await ws.receive()) co_await ws.send(*m);
}

ec::websocket_options chat_options() {
    ec::websocket_options options;
    options.message_bytes_max = 4096;
    options.protocols = {"chat"};
    return options;
}

// For test suites: whatever they send, from wherever.
ec::websocket_options echo_options() {
    ec::websocket_options options;
    options.message_bytes_max = 32 * 1024 * 1024;
    options.origins = {"*"};
#if EVENTCORE_HAS_ZLIB
    options.deflate.codec = &ec::websockets::zlib();
#endif
    return options;
}

}  // namespace

int main(int argc, char** argv) {
    rooms all;
    return ec::serve(ec::router(ec::provide(&all),  //
                                ec::get<"/">([] { return ec::html(chat_page); }),
                                ec::get<"/rooms/{room}">(chat_options(), talk),
                                ec::get<"/echo">(echo_options(), echo)),
                     argc, argv);
}
