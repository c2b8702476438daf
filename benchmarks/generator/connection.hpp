// One connection of the generator: writes a unit (one request, or `depth` of them in one write), then takes
// the answers.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>

#include "response_reader.hpp"

namespace generator {

// What every unit sends: `bytes`, then `file_bytes` of a file in memory (large contents, so that they cost
// the generator little).
struct unit {
    std::string bytes;
    std::uint64_t file_bytes = 0;
    int file = -1;
    std::size_t answers = 1;

    static constexpr std::uint64_t file_from_bytes = 65536;

    explicit unit(const options& o) : answers(o.depth) {
        std::string request =
            (o.post_bytes > 0 ? "POST " : "GET ") + o.path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
        if (o.close) request += "Connection: close\r\n";
        if (o.post_bytes > 0) request += "Content-Length: " + std::to_string(o.post_bytes) + "\r\n";
        request += "\r\n";
        for (std::size_t i = 0; i < o.depth; ++i) bytes += request;
        if (o.post_bytes < file_from_bytes) {
            bytes.append(o.post_bytes, 'x');
            return;
        }
        file_bytes = o.post_bytes;
        file = memfd_create("content", MFD_CLOEXEC);
        if (file < 0 || ftruncate(file, static_cast<off_t>(file_bytes)) != 0) fail("cannot make the content");
        const std::string block(1 << 20, 'x');
        for (std::uint64_t at = 0; at < file_bytes; at += block.size())
            if (pwrite(file, block.data(), std::min<std::uint64_t>(block.size(), file_bytes - at),
                       static_cast<off_t>(at)) < 0)
                fail("cannot fill the content");
    }
};

class connection {
 public:
    std::uint64_t started = 0;  // units, on a schedule: tells when the next one is due
    std::uint64_t due = 0;      // units whose time has come
    std::int64_t since = 0;     // when the unit under way was scheduled, or written

    // Connects and waits for it: loopback answers at once.
    void open(const options& o, std::size_t index, int poll) {
        fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd_ < 0) fail("socket:", strerror(errno));
        const int one = 1;
        setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        sockaddr_in at{};
        at.sin_family = AF_INET;
        if (o.sources > 1) {
            setsockopt(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
            at.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + static_cast<std::uint32_t>(index % o.sources));
            if (bind(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) fail("bind:", strerror(errno));
        }
        at.sin_port = htons(o.port);
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (connect(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) fail("connect:", strerror(errno));
        fcntl(fd_, F_SETFL, O_NONBLOCK);
        reader_.reset();
        written_ = true;
        epoll_event event{};
        event.events = EPOLLIN | EPOLLRDHUP | EPOLLET | (o.post_bytes > 0 ? EPOLLOUT : 0U);
        event.data.ptr = this;
        if (poll >= 0 && epoll_ctl(poll, EPOLL_CTL_ADD, fd_, &event) != 0)
            fail("epoll_ctl:", strerror(errno));
    }
    void close() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }
    bool is_open() const { return fd_ >= 0; }
    bool idle() const { return waiting_ == 0 && written_; }

    void start(const unit& what, std::int64_t when) {
        since = when;
        ++started;
        waiting_ = what.answers;
        written_ = false;
        sent_ = 0;
        push(what);
    }
    // Writes what the kernel takes.
    void push(const unit& what) {
        while (sent_ < what.bytes.size()) {
            const int more = what.file_bytes > 0 ? MSG_MORE : 0;
            const ssize_t n =
                send(fd_, what.bytes.data() + sent_, what.bytes.size() - sent_, MSG_NOSIGNAL | more);
            if (n < 0) return refuse_errors();
            sent_ += static_cast<std::uint64_t>(n);
            sent_bytes += static_cast<std::uint64_t>(n);
        }
        const std::uint64_t all = what.bytes.size() + what.file_bytes;
        while (sent_ < all) {
            off_t offset = static_cast<off_t>(sent_ - what.bytes.size());
            const ssize_t n = sendfile(fd_, what.file, &offset, static_cast<std::size_t>(all - sent_));
            if (n < 0) return refuse_errors();
            sent_ += static_cast<std::uint64_t>(n);
            sent_bytes += static_cast<std::uint64_t>(n);
        }
        written_ = true;
    }

    enum class news { nothing, answers, ended };
    // Reads until the kernel has no more; `answers` of them have ended.
    news pull(std::size_t& answers) {
        static char buffer[65536];
        answers = 0;
        while (true) {
            const std::uint64_t body = reader_.body_left();
            const bool drop = body > sizeof buffer;
            const std::size_t room = drop ? static_cast<std::size_t>(body) : sizeof buffer;
            const ssize_t n = recv(fd_, drop ? nullptr : buffer, room, drop ? MSG_TRUNC : 0);
            if (n == 0) return news::ended;
            if (n < 0) {
                if (errno == ECONNRESET) return news::ended;
                refuse_errors();
                return answers > 0 ? news::answers : news::nothing;
            }
            const auto got = static_cast<std::size_t>(n);
            received_bytes += got;
            const std::size_t ended = drop ? reader_.skip(got) : reader_.consume({buffer, got});
            answers += ended;
            if (ended > waiting_) fail("more answers than requests");
            waiting_ -= ended;
            if (waiting_ == 0 && !drop && got < sizeof buffer && !wait_for_end) return news::answers;
        }
    }

    static inline bool wait_for_end = false;  // a connection for each request: read until the server closes
    static inline std::uint64_t received_bytes = 0;
    static inline std::uint64_t sent_bytes = 0;

 private:
    static void refuse_errors() {
        if (errno != EAGAIN && errno != EPIPE && errno != ECONNRESET) fail("socket:", strerror(errno));
    }

    int fd_ = -1;
    bool written_ = true;  // nothing of the unit is left to send
    std::size_t waiting_ = 0;
    std::uint64_t sent_ = 0;
    response_reader reader_;
};

}  // namespace generator
