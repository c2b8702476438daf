// WebSocket load: one thread, prints one line of JSON.
//
//   websocket_load --port P [--path /echo] [--connections 64] [--depth 1] [--bytes 64] [--messages N]
//                  [--watch PID] [--broadcast]
//
// Echo: every connection has `depth` messages on their way. Broadcast: the first connection sends, `depth` at
// a time, and all of them hear each; N messages are then N times `connections` deliveries. What is heard is
// counted by its bytes: all messages are of one length, and nothing else may come.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "process_time.hpp"

namespace {

struct options {
    std::uint16_t port = 0;
    std::string path = "/echo";
    std::size_t connections = 64, depth = 1, bytes = 64;
    std::uint64_t messages = 100'000;
    bool is_broadcast = false;
    std::vector<int> watched;
};

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "websocket_load: %s\n", what);
    std::exit(1);
}

options read_options(int argc, char** argv) {
    options o;
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        if (name == "--broadcast") {
            o.is_broadcast = true;
            continue;
        }
        if (++i == argc) fail("an option without its value");
        const unsigned long long number = std::strtoull(argv[i], nullptr, 10);
        if (name == "--port") o.port = static_cast<std::uint16_t>(number);
        if (name == "--path") o.path = argv[i];
        if (name == "--connections") o.connections = number;
        if (name == "--depth") o.depth = number;
        if (name == "--bytes") o.bytes = number;
        if (name == "--messages") o.messages = number;
        if (name == "--watch") o.watched.push_back(static_cast<int>(number));
    }
    if (o.bytes > 65535 || o.connections == 0 || o.depth == 0) fail("a number is out of range");
    return o;
}

// A text message as a client sends it, or as a server does.
std::string frame(std::size_t bytes, bool is_masked) {
    std::string made = "\x81";
    const auto mask = static_cast<unsigned char>(is_masked ? 0x80 : 0);
    if (bytes < 126) {
        made += static_cast<char>(mask | bytes);
    } else {
        made += static_cast<char>(mask | 126);
        made += static_cast<char>(bytes >> 8);
        made += static_cast<char>(bytes);
    }
    constexpr unsigned char key[] = {0x12, 0x34, 0x56, 0x78};
    if (is_masked) made.append(reinterpret_cast<const char*>(key), sizeof key);
    for (std::size_t i = 0; i < bytes; ++i)
        made += static_cast<char>('a' ^ (is_masked ? key[i % sizeof key] : 0));
    return made;
}

int open_socket(const options& o) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(o.port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) fail("cannot connect");
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const std::string opening =
        "GET " + o.path +
        " HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    if (::send(fd, opening.data(), opening.size(), 0) < 0) fail("cannot send");
    std::string head;
    while (head.find("\r\n\r\n") == std::string::npos) {
        char piece[1024];
        const ssize_t got = ::recv(fd, piece, sizeof piece, 0);
        if (got <= 0) fail("no answer to the handshake");
        head.append(piece, static_cast<std::size_t>(got));
    }
    if (head.find(" 101 ") == std::string::npos) fail("the handshake was refused");
    return fd;
}

class load {
 public:
    explicit load(const options& o)
        : options_(o), sent_(frame(o.bytes, true)), heard_(frame(o.bytes, false)), poll_(::epoll_create1(0)) {
        for (std::size_t i = 0; i < o.connections; ++i) {
            connections_.push_back({open_socket(o), 0});
            epoll_event wanted{EPOLLIN, {.u64 = i}};
            ::epoll_ctl(poll_, EPOLL_CTL_ADD, connections_.back().fd, &wanted);
        }
    }
    // Until `messages` have been sent and everything was heard.
    void run(std::uint64_t messages) {
        left_ = messages;
        wanted_bytes_ += messages * heard_.size() * (options_.is_broadcast ? options_.connections : 1);
        const std::size_t senders = options_.is_broadcast ? 1 : options_.connections;
        for (std::size_t i = 0; i < senders; ++i) send(connections_[i], options_.depth);
        while (heard_bytes_ < wanted_bytes_) {
            epoll_event news[256];
            const int count = ::epoll_wait(poll_, news, 256, 10'000);
            if (count <= 0) fail("nothing is heard any more");
            for (int i = 0; i < count; ++i) receive(news[i].data.u64);
        }
    }

 private:
    struct connection {
        int fd;
        std::uint64_t heard_bytes;
    };

    void send(connection& by, std::uint64_t count) {
        if (count > left_) count = left_;
        left_ -= count;
        batch_.clear();
        for (std::uint64_t i = 0; i < count; ++i) batch_ += sent_;
        if (::send(by.fd, batch_.data(), batch_.size(), 0) != static_cast<ssize_t>(batch_.size()))
            fail("cannot send");
    }
    void receive(std::size_t number) {
        connection& from = connections_[number];
        const ssize_t got = ::recv(from.fd, buffer_, sizeof buffer_, MSG_DONTWAIT);
        if (got <= 0) fail("a connection has ended");
        const auto bytes = static_cast<std::size_t>(got);
        const std::size_t at = from.heard_bytes % heard_.size();
        const std::size_t first = bytes < heard_.size() - at ? bytes : heard_.size() - at;
        if (std::memcmp(buffer_, heard_.data() + at, first) != 0) fail("not what was said");
        const std::uint64_t before = from.heard_bytes / heard_.size();
        from.heard_bytes += bytes;
        heard_bytes_ += bytes;
        const std::uint64_t fresh = from.heard_bytes / heard_.size() - before;
        if (fresh == 0) return;
        // A broadcast goes on when the last connection has heard it.
        if (!options_.is_broadcast) return send(from, fresh);
        all_heard_ += fresh;
        const std::uint64_t complete = all_heard_ / options_.connections;
        if (complete > answered_ && left_ > 0) send(connections_[0], complete - answered_);
        answered_ = complete;
    }

    const options& options_;
    const std::string sent_, heard_;
    std::vector<connection> connections_;
    std::string batch_;
    int poll_;
    std::uint64_t left_ = 0, wanted_bytes_ = 0, heard_bytes_ = 0, all_heard_ = 0, answered_ = 0;
    char buffer_[256 * 1024];
};

}  // namespace

int main(int argc, char** argv) {
    const options o = read_options(argc, argv);
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    static load all(o);
    all.run(o.messages / 10 + 1);  // whatever is done once, is now
    const auto begun = std::chrono::steady_clock::now();
    const generator::process_time before = generator::time_of(o.watched);
    all.run(o.messages);
    const generator::process_time spent = generator::time_of(o.watched) - before;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    std::printf("{\"messages\": %llu, \"seconds\": %.6f, \"server_ns\": %llu}\n",
                static_cast<unsigned long long>(o.messages), took.count(),
                static_cast<unsigned long long>(spent.nanoseconds));
}
