#include <string>

#include "program.hpp"
#include "support/websocket_frames.hpp"

using namespace websocket_frames;

TEST_CASE("chat: who is in the room hears what is said in it, and nobody else") {
    example_program chat("chat", EVENTCORE_EVERY_REACTOR_NAME);
    raw_client alice(chat.port()), bob(chat.port()), elsewhere(chat.port());
    for (raw_client* each : {&alice, &bob})
        each->send(opening("/rooms/lobby", "Sec-WebSocket-Protocol: chat\r\n"));
    elsewhere.send(opening("/rooms/other"));
    for (raw_client* each : {&alice, &bob, &elsewhere})
        CHECK(each->receive_some().find(" 101 ") != std::string::npos);
    std::string heard_by_bob;
    // A seat is taken just after the 101: what is said before is heard by nobody.
    while (heard_by_bob.find("hello") == std::string::npos) {
        alice.send(text("hello"));
        heard_by_bob += bob.receive_some();
    }
    CHECK(frames_in(heard_by_bob).front() == "text:hello");
    elsewhere.send(closing(1000));
    CHECK(frames_in(elsewhere.receive_all()) == std::vector<std::string>{"close:1000"});
    CHECK(chat.ask("GET", "/").find("<title>Chat</title>") != std::string::npos);
}
