// The WebSocket receiver: however the octets are cut and whatever room there is, the same messages and the
// same end; and no message is more than the limit.
#include "fuzz.hpp"

#include <algorithm>
#include <memory>
#include <string>

#include "eventcore/http/websocket/receiver.hpp"

using namespace eventcore;
using namespace eventcore::test;
using websockets::received;

namespace {

constexpr std::size_t message_bytes_max = 3000;

// What lies in memory of exactly its size is given at most `piece` at a time.
std::string receive(std::string_view bytes, std::size_t piece, std::size_t capacity) {
    websockets::receive_limits limits;
    limits.message_bytes_max = message_bytes_max;
    limits.allows_compression = true;
    websockets::receiver receiver;
    std::string seen, held;
    while (true) {
        const std::unique_ptr<char[]> copy(new char[held.size()]);
        held.copy(copy.get(), held.size());
        const received what = receiver.next(copy.get(), held.size(), capacity, limits);
        if (what == received::failed)
            return seen + " failed " + std::to_string(static_cast<int>(receiver.failure()));
        must(receiver.consumed() <= held.size(), "no more is consumed than there is");
        if (what != received::nothing) {
            must(receiver.payload().size() <= message_bytes_max, "the limit holds");
            seen += ' ' + std::to_string(static_cast<int>(what)) + ':';
            seen += receiver.payload();
        }
        held.assign(copy.get() + receiver.consumed(), held.size() - receiver.consumed());
        if (what != received::nothing) continue;
        if (bytes.empty()) return seen;
        must(held.size() < capacity, "what is incomplete leaves room");
        const std::size_t some = std::min({piece, bytes.size(), capacity - held.size()});
        held += bytes.substr(0, some);
        bytes.remove_prefix(some);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes = as_text(data, size);
    const std::string whole = receive(bytes, SIZE_MAX, 16 * 1024);
    must(receive(bytes, SIZE_MAX, 140) == whole, "with little room the same");
    must(receive(bytes, 1 + (size == 0 ? 0 : data[size / 2] % 61), 1024) == whole, "in pieces the same");
    if (size <= 512) must(receive(bytes, 1, 140) == whole, "octet by octet the same");
    static_cast<void>(websockets::parse_close(bytes));
    return 0;
}
