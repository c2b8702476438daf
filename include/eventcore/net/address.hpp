// Where a peer is: an IPv4 or IPv6 address with a port, or the path of a Unix-domain socket. Text in and out
// (RFC 3986, 3.2.2; RFC 4291, 2.2; RFC 5952; unix(7)). Names are not resolved here.
#pragma once

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "eventcore/base/ascii.hpp"
#include "eventcore/base/parse_number.hpp"
#include "eventcore/base/result.hpp"

namespace eventcore::net {

// Why a text is no address.
enum class address_error {
    empty = 1,
    not_numeric,
    bad_ipv6,
    bracket,
    bad_port,
    bad_scope,
    bad_path,
    long_path,
    no_abstract,
};
std::error_code make_error_code(address_error e) noexcept;

class address {
 public:
    // No address; is_set() is false.
    address() noexcept { std::memset(&storage_, 0, sizeof storage_); }

    // "127.0.0.1:80", "[::1]:80", "[fe80::1%eth0]:80", "*:80" (every address of this machine, both
    // families), "unix:/run/app.sock", "unix:@name" (Linux: abstract). Without ":port" the port is
    // `default_port`, and an IPv6 address needs no brackets then. Errors: address_error.
    static result<address> parse(std::string_view text, std::uint16_t default_port = 0);

    static address loopback_ipv4(std::uint16_t port) noexcept { return ipv4(INADDR_LOOPBACK, port); }
    static address loopback_ipv6(std::uint16_t port) noexcept { return ipv6(in6addr_loopback, port); }
    // Every address of this machine. A dual-stack listener on any_ipv6() takes both families.
    static address any_ipv4(std::uint16_t port) noexcept { return ipv4(INADDR_ANY, port); }
    static address any_ipv6(std::uint16_t port) noexcept { return ipv6(in6addr_any, port); }
    // A socket in the file system, or, where Linux runs and `path` begins with '@', an abstract one.
    static result<address> unix_path(std::string_view path);
    // What the kernel said; not set when it is of a family we do not know.
    static address from(const sockaddr* kernel, socklen_t size) noexcept;

    bool is_set() const noexcept { return size_ != 0; }
    bool is_ipv4() const noexcept { return family() == AF_INET; }
    bool is_ipv6() const noexcept { return family() == AF_INET6; }
    bool is_unix() const noexcept { return family() == AF_UNIX; }
    bool is_ip() const noexcept { return is_ipv4() || is_ipv6(); }
    // Every address of this machine: 0.0.0.0 or [::].
    bool is_any() const noexcept;
    bool is_loopback() const noexcept;
    bool is_abstract() const noexcept {
        return is_unix() && !unix_name().empty() && unix_name().front() == '\0';
    }

    // 0 for Unix-domain sockets.
    std::uint16_t port() const noexcept;
    address with_port(std::uint16_t port) const noexcept;
    // The zone of a link-local IPv6 address (RFC 4007); 0 when there is none.
    std::uint32_t scope_id() const noexcept { return is_ipv6() ? storage_.v6.sin6_scope_id : 0; }
    // The path of a Unix-domain socket; an abstract name begins with a zero byte; empty for unnamed ones.
    std::string_view unix_name() const noexcept;

    // What parse() reads back; IPv6 as RFC 5952 says.
    std::string to_string() const;

    // Who that is, whatever the port: the same number for one IPv4 address, mapped into IPv6 or not, and for
    // the 64 bits of an IPv6 address that name a network, since one customer usually has all the addresses in
    // it (RFC 6177). Two others may share a number, with a chance of 1 to 4 billion that nobody can aim at. 0
    // for what has no IP address. Differs from process to process.
    std::uint32_t peer_group() const noexcept;

    int family() const noexcept { return size_ ? storage_.any.sa_family : AF_UNSPEC; }
    const sockaddr* data() const noexcept { return &storage_.any; }
    socklen_t size() const noexcept { return size_; }

    bool operator==(const address& other) const noexcept;
    bool operator<(const address& other) const noexcept;
    std::size_t hash() const noexcept;

 private:
    static constexpr std::size_t path_offset = offsetof(sockaddr_un, sun_path);

    static address ipv4(std::uint32_t host_order, std::uint16_t port) noexcept;
    static address ipv6(const in6_addr& bytes, std::uint16_t port, std::uint32_t scope = 0) noexcept;
    static result<address> parse_ipv4(std::string_view host, std::uint16_t port);
    static result<address> parse_ipv6(std::string_view host, std::uint16_t port);
    // The bytes that make addresses of one family and port differ.
    std::string_view identity() const noexcept;

    union {
        sockaddr any;
        sockaddr_in v4;
        sockaddr_in6 v6;
        sockaddr_un local;
    } storage_;
    socklen_t size_ = 0;
};

// ---- definitions ----

namespace detail {

class address_category_type final : public std::error_category {
 public:
    const char* name() const noexcept override { return "eventcore.address"; }
    std::string message(int value) const override {
        switch (static_cast<address_error>(value)) {
            case address_error::empty: return "the address is empty";
            case address_error::not_numeric:
                return "not an IPv4 address (four numbers 0 to 255); names are not resolved";
            case address_error::bad_ipv6: return "not an IPv6 address";
            case address_error::bracket: return "an IPv6 address with a port is written [address]:port";
            case address_error::bad_port: return "the port is not a number from 0 to 65535";
            case address_error::bad_scope: return "the zone after '%' is not an interface of this machine";
            case address_error::bad_path:
                return "the path of a Unix-domain socket is empty or contains a zero byte";
            case address_error::long_path:
                return "the path of the Unix-domain socket is too long for the kernel";
            case address_error::no_abstract: return "abstract Unix-domain sockets exist on Linux only";
        }
        return "unknown";
    }
};

// 1*5DIGIT up to 65535. (A port of a listener may be 0: the kernel chooses.)
inline result<std::uint16_t> parse_port(std::string_view text) {
    const auto port = text.size() <= 5 ? parse_decimal(text, UINT16_MAX) : std::nullopt;
    if (!port) return make_error_code(address_error::bad_port);
    return static_cast<std::uint16_t>(*port);
}

}  // namespace detail

inline std::error_code make_error_code(address_error e) noexcept {
    static const detail::address_category_type category;
    return {static_cast<int>(e), category};
}

inline address address::ipv4(std::uint32_t host_order, std::uint16_t port) noexcept {
    address made;
    made.storage_.v4.sin_family = AF_INET;
    made.storage_.v4.sin_port = htons(port);
    made.storage_.v4.sin_addr.s_addr = htonl(host_order);
    made.size_ = sizeof(sockaddr_in);
    return made;
}

inline address address::ipv6(const in6_addr& bytes, std::uint16_t port, std::uint32_t scope) noexcept {
    address made;
    made.storage_.v6.sin6_family = AF_INET6;
    made.storage_.v6.sin6_port = htons(port);
    made.storage_.v6.sin6_addr = bytes;
    made.storage_.v6.sin6_scope_id = scope;
    made.size_ = sizeof(sockaddr_in6);
    return made;
}

inline result<address> address::unix_path(std::string_view path) {
    if (path.empty() || index_of(path, '\0') != path.size()) return make_error_code(address_error::bad_path);
    const bool abstract = path.front() == '@';
#ifndef __linux__
    if (abstract) return make_error_code(address_error::no_abstract);
#endif
    address made;
    // The zero at the end of a path is part of its size; an abstract name has none.
    if (path.size() + (abstract ? 0 : 1) > sizeof made.storage_.local.sun_path)
        return make_error_code(address_error::long_path);
    made.storage_.local.sun_family = AF_UNIX;
    std::memcpy(made.storage_.local.sun_path, path.data(), path.size());
    if (abstract) made.storage_.local.sun_path[0] = '\0';
    made.size_ = static_cast<socklen_t>(path_offset + path.size() + (abstract ? 0 : 1));
    return made;
}

inline address address::from(const sockaddr* kernel, socklen_t size) noexcept {
    address made;
    const auto bytes = static_cast<std::size_t>(size);
    if (bytes < sizeof(sa_family_t) || bytes > sizeof made.storage_) return made;
    const int family = kernel->sa_family;
    const bool known = (family == AF_INET && bytes >= sizeof(sockaddr_in)) ||
                       (family == AF_INET6 && bytes >= sizeof(sockaddr_in6)) || family == AF_UNIX;
    if (!known) return made;
    std::memcpy(&made.storage_, kernel, bytes);
    made.size_ = size;
    return made;
}

inline result<address> address::parse_ipv4(std::string_view host, std::uint16_t port) {
    std::uint32_t value = 0;
    for (int part = 0; part < 4; ++part) {
        const std::size_t end = part < 3 ? index_of(host, '.') : host.size();
        const std::string_view digits = host.substr(0, end);
        const auto number = parse_decimal(digits, UINT8_MAX);
        // "010" is 10 to some and 8 to others, so it is neither.
        if (!number || digits.size() > 3 || (digits.size() > 1 && digits.front() == '0') ||
            (part < 3 && end == host.size()))
            return make_error_code(address_error::not_numeric);
        value = value << 8 | static_cast<std::uint32_t>(*number);
        host.remove_prefix(part < 3 ? end + 1 : end);
    }
    return ipv4(value, port);
}

inline result<address> address::parse_ipv6(std::string_view host, std::uint16_t port) {
    std::uint32_t scope = 0;
    const std::size_t percent = index_of(host, '%');
    if (percent != host.size()) {
        const std::string zone(host.substr(percent + 1));
        const auto number = parse_decimal(zone, UINT32_MAX);
        scope = number ? static_cast<std::uint32_t>(*number) : ::if_nametoindex(zone.c_str());
        if (scope == 0 || index_of(zone, '\0') != zone.size())
            return make_error_code(address_error::bad_scope);
        host = host.substr(0, percent);
    }
    char text[INET6_ADDRSTRLEN] = {};
    in6_addr bytes;
    if (host.size() >= sizeof text) return make_error_code(address_error::bad_ipv6);
    std::memcpy(text, host.data(), host.size());
    if (std::strlen(text) != host.size() || ::inet_pton(AF_INET6, text, &bytes) != 1)
        return make_error_code(address_error::bad_ipv6);
    return ipv6(bytes, port, scope);
}

inline result<address> address::parse(std::string_view text, std::uint16_t default_port) {
    if (text.empty()) return make_error_code(address_error::empty);
    if (text.substr(0, 5) == "unix:") return unix_path(text.substr(5));

    std::string_view host = text, port_text;
    bool has_port = false;
    const bool bracketed = text.front() == '[';
    const std::size_t colon = index_of(text, ':');
    if (bracketed) {
        const std::size_t close = index_of(text, ']');
        if (close == text.size()) return make_error_code(address_error::bracket);
        host = text.substr(1, close - 1);
        has_port = close + 1 < text.size();
        if (has_port && text[close + 1] != ':') return make_error_code(address_error::bracket);
        if (has_port) port_text = text.substr(close + 2);
    } else if (colon != text.size()) {
        if (index_of(text, ':', colon + 1) != text.size()) return parse_ipv6(text, default_port);
        host = text.substr(0, colon);
        port_text = text.substr(colon + 1);
        has_port = true;
    }
    std::uint16_t port = default_port;
    if (has_port) {
        const result<std::uint16_t> parsed = detail::parse_port(port_text);
        if (!parsed) return parsed.error();
        port = *parsed;
    }
    if (bracketed) return parse_ipv6(host, port);
    if (host == "*") return any_ipv6(port);
    return parse_ipv4(host, port);
}

inline bool address::is_any() const noexcept {
    if (is_ipv4()) return storage_.v4.sin_addr.s_addr == htonl(INADDR_ANY);
    return is_ipv6() && std::memcmp(&storage_.v6.sin6_addr, &in6addr_any, sizeof in6addr_any) == 0;
}

inline bool address::is_loopback() const noexcept {
    if (is_ipv4()) return ntohl(storage_.v4.sin_addr.s_addr) >> 24 == 127;
    return is_ipv6() && std::memcmp(&storage_.v6.sin6_addr, &in6addr_loopback, sizeof in6addr_loopback) == 0;
}

inline std::uint16_t address::port() const noexcept {
    if (is_ipv4()) return ntohs(storage_.v4.sin_port);
    return is_ipv6() ? ntohs(storage_.v6.sin6_port) : std::uint16_t{0};
}

inline address address::with_port(std::uint16_t port) const noexcept {
    address made = *this;
    if (is_ipv4()) made.storage_.v4.sin_port = htons(port);
    if (is_ipv6()) made.storage_.v6.sin6_port = htons(port);
    return made;
}

inline std::string_view address::unix_name() const noexcept {
    if (!is_unix() || size_ <= path_offset) return {};
    const std::string_view stored(storage_.local.sun_path, size_ - path_offset);
    // The kernel may or may not count the zero at the end of a path.
    return stored.front() == '\0' ? stored : stored.substr(0, index_of(stored, '\0'));
}

inline std::string address::to_string() const {
    if (is_unix()) {
        std::string text = "unix:";
        text += unix_name();
        if (is_abstract()) text[5] = '@';
        return text;
    }
    if (!is_ip()) return "(no address)";
    char host[INET6_ADDRSTRLEN] = {};
    const void* bytes = is_ipv4() ? static_cast<const void*>(&storage_.v4.sin_addr) : &storage_.v6.sin6_addr;
    ::inet_ntop(family(), bytes, host, sizeof host);
    std::string text = is_ipv6() ? "[" : "";
    text += host;
    if (scope_id() != 0) text += '%' + std::to_string(scope_id());
    text += is_ipv6() ? "]:" : ":";
    return text += std::to_string(port());
}

inline std::string_view address::identity() const noexcept {
    if (is_ipv4()) return {reinterpret_cast<const char*>(&storage_.v4.sin_addr), sizeof(in_addr)};
    if (is_ipv6()) return {reinterpret_cast<const char*>(&storage_.v6.sin6_addr), sizeof(in6_addr)};
    return unix_name();
}

inline std::uint32_t address::peer_group() const noexcept {
    if (!is_ip()) return 0;
    const unsigned char* const v6 = storage_.v6.sin6_addr.s6_addr;
    const bool is_mapped = is_ipv6() && IN6_IS_ADDR_V4MAPPED(&storage_.v6.sin6_addr);
    std::uint64_t bits = 0;
    if (is_ipv4())
        std::memcpy(&bits, &storage_.v4.sin_addr, sizeof(in_addr));
    else if (is_mapped)
        std::memcpy(&bits, v6 + 12, sizeof(in_addr));
    else
        std::memcpy(&bits, v6, sizeof bits);
    static const char where_we_are = 0;  // not known to others: the system places programs at random
    bits ^= reinterpret_cast<std::uintptr_t>(&where_we_are);
    for (int round = 0; round < 2; ++round) bits = (bits ^ bits >> 32) * 0xd6e8feb86659fd93U;
    const auto group = static_cast<std::uint32_t>(bits >> 32);
    return group != 0 ? group : 1;
}

inline bool address::operator==(const address& other) const noexcept {
    return family() == other.family() && port() == other.port() && scope_id() == other.scope_id() &&
           identity() == other.identity();
}

inline bool address::operator<(const address& other) const noexcept {
    if (family() != other.family()) return family() < other.family();
    if (const int order = identity().compare(other.identity()); order != 0) return order < 0;
    return port() != other.port() ? port() < other.port() : scope_id() < other.scope_id();
}

inline std::size_t address::hash() const noexcept {
    std::uint64_t mixed = 0xcbf29ce484222325U;  // FNV-1a
    const auto mix = [&](unsigned byte) { mixed = (mixed ^ byte) * 0x100000001b3U; };
    mix(static_cast<unsigned>(family()));
    mix(port() & 0xffU);
    mix(port() >> 8);
    for (char c : identity()) mix(static_cast<unsigned char>(c));
    return static_cast<std::size_t>(mixed);
}

}  // namespace eventcore::net

template <>
struct std::hash<eventcore::net::address> {
    std::size_t operator()(const eventcore::net::address& a) const noexcept { return a.hash(); }
};
