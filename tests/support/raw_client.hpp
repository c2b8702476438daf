// A blocking client that sends exactly the bytes it is told to and shows exactly what came back.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

class raw_client {
 public:
    // `from`: an address to connect from, "127.0.0.2". `receive_bytes`: of the kernel's buffer, 0: as it is.
    explicit raw_client(std::uint16_t port, const char* from = nullptr, int receive_bytes = 0)
        : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        if (receive_bytes > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
        if (from) bind_to(from);
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_port = htons(port);
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        is_connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
        const int one = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
    // Over a connected socket, which it closes.
    struct over {
        int fd;
    };
    explicit raw_client(over socket) : fd_(socket.fd) { is_connected_ = true; }
    raw_client(const raw_client&) = delete;
    raw_client& operator=(const raw_client&) = delete;
    ~raw_client() { close(); }

    bool is_connected() const { return is_connected_; }
    int fd() const { return fd_; }

    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    void finish_sending() { ::shutdown(fd_, SHUT_WR); }
    // With RST: as if the client had crashed.
    void reset() {
        const linger at_once{1, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close();
    }
    void close() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }

    // One receive; empty at the end, or when nothing comes for ten seconds.
    std::string receive_some(std::size_t most = 65536) {
        pollfd waiting{fd_, POLLIN, 0};
        if (::poll(&waiting, 1, 10'000) <= 0) return {};
        std::string bytes(most, '\0');
        const ssize_t got = ::recv(fd_, bytes.data(), bytes.size(), 0);
        bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return bytes;
    }
    // Everything until the server closes.
    std::string receive_all() {
        std::string all = std::exchange(rest_, {});
        for (std::string some = receive_some(); !some.empty(); some = receive_some()) all += some;
        return all;
    }
    // One response with Content-Length (or none for `is_head`), head included. Empty when the server closed.
    std::string receive_response(bool is_head = false) {
        std::string::size_type end;
        while ((end = rest_.find("\r\n\r\n")) == std::string::npos)
            if (!receive_more()) return std::exchange(rest_, {});
        std::size_t bytes = end + 4;
        const std::string::size_type length = rest_.find("ontent-Length: ");
        if (!is_head && length < end)
            bytes += static_cast<std::size_t>(std::strtoull(rest_.c_str() + length + 15, nullptr, 10));
        while (rest_.size() < bytes)
            if (!receive_more()) return std::exchange(rest_, {});
        const std::string response = rest_.substr(0, bytes);
        rest_.erase(0, bytes);
        return response;
    }
    // True when the server has closed and nothing more came.
    bool is_at_end() { return rest_.empty() && receive_some(1).empty(); }

 private:
    void bind_to(const char* address) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        ::inet_pton(AF_INET, address, &at.sin_addr);
        static_cast<void>(::bind(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at));
    }
    bool receive_more() {
        const std::string some = receive_some();
        rest_ += some;
        return !some.empty();
    }

    int fd_;
    bool is_connected_ = false;
    std::string rest_;
};

// The status code of a response, 0 when it is none.
inline int status_of(const std::string& response) {
    return response.rfind("HTTP/1.", 0) == 0 ? std::atoi(response.c_str() + 9) : 0;
}
inline std::string content_of(const std::string& response) {
    const std::string::size_type end = response.find("\r\n\r\n");
    return end == std::string::npos ? std::string() : response.substr(end + 4);
}
inline bool has_line(const std::string& response, std::string_view line) {
    const std::string::size_type end = response.find("\r\n\r\n");
    const std::string::size_type at = response.find("\r\n" + std::string(line) + "\r\n");
    return end != std::string::npos && at <= end;
}
// What chunked content says, decoded; "(broken)" when it does not end with the last chunk.
inline std::string unchunked(std::string content) {
    std::string whole;
    while (true) {
        const std::string::size_type line = content.find("\r\n");
        if (line == std::string::npos) return "(broken)";
        const auto size = static_cast<std::size_t>(std::strtoull(content.c_str(), nullptr, 16));
        if (size == 0) return whole;
        if (content.size() < line + 4 + size) return "(broken)";
        whole += content.substr(line + 2, size);
        content.erase(0, line + 4 + size);
    }
}
