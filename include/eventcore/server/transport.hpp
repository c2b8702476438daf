// What a listener's connections speak when it is not plain HTTP over TCP. TLS is one (tls/acceptor.hpp). A
// server knows no more of it than this, so one without TLS has nothing of it in it.
#pragma once

#include <string>
#include <utility>

#include "eventcore/base/owned.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/base/shared.hpp"

namespace eventcore {

class accepting_pool;
struct pool_services;
struct server_options;

// Of one server; several of its listeners may have the same.
class transport : public reference_counted {
 public:
    // Before the workers start, on the thread that starts the server. On failure `failure` has it in words.
    virtual result<> prepare(const server_options& options, std::string& failure) = 0;
    // For one worker, on its thread. May throw.
    virtual owned<accepting_pool> make_pool(const pool_services& services) = 0;

 protected:
    ~transport() override = default;
};

// An address with its port, and what is spoken there: "127.0.0.1:8081", {"[::1]:8443", tls}.
struct listen_place {
    listen_place(const char* where) : address(where) {}
    listen_place(std::string where, shared<transport> with = {})
        : address(std::move(where)), over(std::move(with)) {}

    std::string address;
    shared<transport> over;  // null: plain
};

}  // namespace eventcore
