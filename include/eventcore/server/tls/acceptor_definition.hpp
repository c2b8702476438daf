// The functions of tls_acceptor, and what is behind it. Part of the component eventcore::tls: compiled once
// per program.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "eventcore/base/owning_list.hpp"
#include "eventcore/base/thread.hpp"
#include "eventcore/net/tls/tls_contexts.hpp"
#include "eventcore/server/http1_connection.hpp"
#include "eventcore/server/http2_service.hpp"
#include "eventcore/server/options.hpp"
#include "eventcore/server/tls/acceptor.hpp"
#include "eventcore/server/tls/pool.hpp"

namespace eventcore {

// Looks at files from a thread of its own. Changes are seen by what stat(2) says, so it does not matter how a
// file is replaced: written over, renamed, or by a symbolic link that points elsewhere.
class tls_file_watch {
 public:
    using changed_function = void (*)(void* owner) noexcept;

    tls_file_watch(std::vector<std::string> files, duration period, changed_function changed, void* owner)
        : files_(std::move(files)), period_(period), changed_(changed), owner_(owner), seen_(look()) {}
    tls_file_watch(const tls_file_watch&) = delete;
    tls_file_watch& operator=(const tls_file_watch&) = delete;
    ~tls_file_watch() {
        {
            const lock_guard lock(mutex_);
            is_over_ = true;
            over_.notify_all();
        }
        if (thread_.is_joinable()) thread_.join();
    }

    [[nodiscard]] bool start() noexcept {
        return thread_.start([](void* self) { static_cast<tls_file_watch*>(self)->watch(); }, this);
    }

 private:
    void watch() noexcept {
        const lock_guard lock(mutex_);
        while (!is_over_) {
            over_.wait_for(mutex_, period_);
            const std::uint64_t now = look();
            if (is_over_ || now == seen_) continue;
            seen_ = now;
            changed_(owner_);
        }
    }
    std::uint64_t look() const noexcept {
        std::uint64_t hash = 0xcbf29ce484222325U;
        const auto mix = [&hash](std::uint64_t value) { hash = (hash ^ value) * 0x100000001b3U; };
        for (const std::string& name : files_) {
            struct stat about{};
            if (::stat(name.c_str(), &about) != 0) about = {};
            mix(static_cast<std::uint64_t>(about.st_ino));
            mix(static_cast<std::uint64_t>(about.st_size));
#if defined(__APPLE__)
            const timespec changed = about.st_mtimespec;
#else
            const timespec changed = about.st_mtim;
#endif
            mix(static_cast<std::uint64_t>(changed.tv_sec));
            mix(static_cast<std::uint64_t>(changed.tv_nsec));
        }
        return hash;
    }

    const std::vector<std::string> files_;
    const duration period_;
    changed_function changed_;
    void* owner_;
    std::uint64_t seen_;
    mutex mutex_;
    condition over_;
    bool is_over_ = false;
    thread thread_;
};

class tls_transport final : public transport {
 public:
    explicit tls_transport(tls_options options)
        : options_(std::move(options)), tickets_(options_.ticket_key_period, options_.ticket_lifetime) {
        protocols_.push_back({"http/1.1", &tls_pool_of<http1_connection<net::tls_socket>>::make});
    }

    void prefer(tls_protocol protocol) { protocols_.insert(protocols_.begin(), std::move(protocol)); }
    result<> prepare(const server_options& server, std::string& failure) override;
    owned<accepting_pool> make_pool(const pool_services& services) override;
    result<> reload(std::string& failure);

 private:
    result<net::tls_contexts> make_contexts(const net::tls_material& from, std::string& failure);
    result<> check_options(std::string& failure) const;
    tls_context_slot& take_slot();
    static void files_changed(void* self) noexcept;
    std::vector<std::string> files() const;

    const tls_options options_;
    std::vector<tls_protocol> protocols_;
    bool speaks_http2_ = false;
    net::tls_ticket_keys tickets_;
    std::size_t handshakes_max_ = 1;  // per worker
    mutex mutex_;                     // guards what follows
    net::tls_material material_;
    owning_list<tls_context_slot> slots_;
    owned<tls_file_watch> watch_;  // ends before the others
};

// ---- definitions ----

result<> tls_transport::check_options(std::string& failure) const {
    constexpr duration longest = std::chrono::hours(24 * 7);  // a TLS 1.3 ticket lives no longer
    const auto is_time = [&](duration length, bool may_be_zero, const char* name) {
        if (length <= longest && (length > duration::zero() || (may_be_zero && length == duration::zero())))
            return true;
        failure = std::string("tls_options::") + name + " has to be " +
                  (may_be_zero ? "0 to" : "more than 0, at most") + " 7 days";
        return false;
    };
    const bool is_good = is_time(options_.handshake_timeout, false, "handshake_timeout") &&
                         is_time(options_.ticket_lifetime, true, "ticket_lifetime") &&
                         is_time(options_.ticket_key_period, false, "ticket_key_period") &&
                         is_time(options_.watch_period, true, "watch_period");
    if (!is_good) return errc::invalid_argument;
    if (options_.handshakes_max > 0) return {};
    failure = "tls_options::handshakes_max has to be more than 0";
    return errc::invalid_argument;
}

result<net::tls_contexts> tls_transport::make_contexts(const net::tls_material& from, std::string& failure) {
    std::vector<std::string> names;
    // A connection that speaks it begins as one of HTTP/1 does, and turns: so it needs no pool of its own.
    if (speaks_http2_) names.emplace_back("h2");
    for (const tls_protocol& p : protocols_) names.push_back(p.alpn);
    const bool has_tickets = options_.ticket_lifetime > duration::zero();
    return net::tls_contexts::make(from, options_, names, has_tickets ? &tickets_ : nullptr, failure);
}

result<> tls_transport::prepare(const server_options& server, std::string& failure) {
    if (const result<> checked = check_options(failure); !checked) return checked;
    const lock_guard lock(mutex_);
    speaks_http2_ = server.http2.enabled && detail::make_http2;
    // Before the files are read, so that no change of them is missed.
    owned<tls_file_watch> watch;
    if (!watch_ && options_.watch_period > duration::zero())
        watch = make_owned<tls_file_watch>(files(), options_.watch_period, &files_changed, this);
    const std::size_t share = options_.handshakes_max / (server.workers > 0 ? server.workers : 1);
    handshakes_max_ = share > 0 ? share : 1;
    result<net::tls_material> loaded = net::tls_material::load(options_, failure);
    if (!loaded) return loaded.error();
    const result<net::tls_contexts> tried = make_contexts(*loaded, failure);
    if (!tried) return tried.error();
    material_ = std::move(*loaded);
    if (!watch) return {};
    watch_ = std::move(watch);
    if (!watch_->start()) options_.log.warning("no thread to watch certificate files");
    return {};
}

tls_context_slot& tls_transport::take_slot() {
    for (tls_context_slot& s : slots_)
        if (s.is_free.exchange(false)) return s;
    return slots_.emplace_back();
}

owned<accepting_pool> tls_transport::make_pool(const pool_services& services) {
    const lock_guard lock(mutex_);
    std::string failure;
    result<net::tls_contexts> made = make_contexts(material_, failure);
    if (!made) throw std::system_error(made.error(), failure);
    tls_context_slot& slot = take_slot();
    slot.put(std::move(*made));
    const tls_pool::limits limits{options_.handshake_timeout, handshakes_max_};
    owned<tls_pool> pool = make_owned<tls_pool>(services, slot, limits);
    for (const tls_protocol& p : protocols_) pool->add(p.alpn, p.make_pool(services));
    return pool;
}

// Everything is made before anything is replaced.
result<> tls_transport::reload(std::string& failure) {
    const lock_guard lock(mutex_);
    result<net::tls_material> loaded = net::tls_material::load(options_, failure);
    if (!loaded) return loaded.error();
    std::vector<net::tls_contexts> fresh;
    for (std::size_t i = 0; i <= slots_.size(); ++i) {  // one to try, when no server runs
        result<net::tls_contexts> made = make_contexts(*loaded, failure);
        if (!made) return made.error();
        fresh.push_back(std::move(*made));
    }
    for (tls_context_slot& s : slots_) {
        s.put(std::move(fresh.back()));
        fresh.pop_back();
    }
    material_ = std::move(*loaded);
    return {};
}

void tls_transport::files_changed(void* opaque) noexcept {
    auto& self = *static_cast<tls_transport*>(opaque);
    try {
        std::string failure;
        if (self.reload(failure))
            self.options_.log.info("certificates have been loaded again");
        else
            self.options_.log.error("certificates stay as they were", {{"reason", failure}});
    } catch (...) {
        self.options_.log.error("certificates stay as they were", {{"reason", "no memory"}});
    }
}

std::vector<std::string> tls_transport::files() const {
    std::vector<std::string> names;
    for (const tls_certificate& c : options_.certificates)
        for (const std::string* name : {&c.chain_file, &c.key_file, &c.ocsp_file})
            if (!name->empty()) names.push_back(*name);
    if (!options_.client_ca_file.empty()) names.push_back(options_.client_ca_file);
    return names;
}

// ---- the handle ----

tls_acceptor::tls_acceptor(tls_options options)
    : transport_(make_shared<tls_transport>(std::move(options))) {}

result<> tls_acceptor::reload(std::string* failure) {
    std::string unheard;
    return static_cast<tls_transport&>(*transport_).reload(failure ? *failure : unheard);
}

void tls_acceptor::prefer(tls_protocol protocol) {
    static_cast<tls_transport&>(*transport_).prefer(std::move(protocol));
}

}  // namespace eventcore
