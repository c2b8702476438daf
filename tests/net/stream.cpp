#include "eventcore/net/stream.hpp"

#include "catch.hpp"

using namespace eventcore;

namespace {

// A stream over nothing: what TLS over something would look like to a connection.
struct silent_stream {
    io_result receive(void*, std::size_t) noexcept { return io_result(-EAGAIN); }
    io_result send(const iovec*, unsigned, bool) noexcept { return io_result(-EAGAIN); }
    io_result send_file(int, std::uint64_t, std::size_t) noexcept { return io_result(-EOPNOTSUPP); }
    void cork(bool) noexcept {}
    io_result flush() noexcept { return io_result(0); }
    io_result shutdown_write() noexcept { return io_result(0); }
    bool has_input() const noexcept { return false; }
    std::uint8_t receive_waits_for() const noexcept { return readiness::writable; }
    std::uint8_t send_waits_for() const noexcept { return readiness::readable; }
    void want_write() noexcept {}
    void close() noexcept {}
    io_handle& handle() noexcept { return *under; }
    reactor& home() const noexcept { return *loop; }
    io_handle* under = nullptr;
    reactor* loop = nullptr;
};
struct write_only {
    io_result send(const iovec*, unsigned, bool) noexcept { return io_result(0); }
};

}  // namespace

TEST_CASE("whatever moves bytes without blocking is a stream; half of one is not") {
    STATIC_REQUIRE(net::stream<silent_stream>);
    STATIC_REQUIRE_FALSE(net::stream<write_only>);
    STATIC_REQUIRE_FALSE(net::stream<io_handle>);
}
