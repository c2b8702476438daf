// A client outside of the simulated server: bytes as they are, or requests of HTTP/1.1.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eventcore/base/function_ref.hpp"
#include "eventcore/base/intrusive_list.hpp"
#include "eventcore/base/owned.hpp"
#include "eventcore/testing/answer.hpp"
#include "eventcore/testing/network.hpp"

namespace eventcore::testing {

// Whoever lets virtual time pass.
class turns {
 public:
    virtual bool run_turns_until(function_ref<bool()> is_true, duration limit) = 0;

 protected:
    ~turns() = default;
};

struct client_state : list_node {
    outside_end end;
    std::size_t connection = 0;
    std::size_t read_at = 0;  // in end.received: up to here it was made into answers
    std::vector<bool> asked;  // each request: whether it was a HEAD
    std::vector<answer> answers;
    std::vector<answer> interim;  // 1xx
    bool is_malformed = false;
    bool is_closed = false;

    bool is_over() const noexcept { return end.is_ended || end.is_broken || end.is_refused || is_closed; }
    bool is_settled() {
        read_answers();
        return answers.size() >= asked.size() || is_over() || is_malformed;
    }
    void read_answers() {
        answer_reader reader;
        answer next;
        while (!is_malformed && read_at < end.received.size()) {
            const bool is_to_head = answers.size() < asked.size() && asked[answers.size()];
            const auto outcome = reader.read(end.received, read_at, is_to_head, end.is_ended, next);
            if (outcome == answer_reader::outcome::incomplete) return;
            if (outcome == answer_reader::outcome::malformed)
                is_malformed = true;
            else
                (next.status < 200 ? interim : answers).push_back(next);
        }
    }
};

// Closes its connection when it is destroyed. A request over a connection that is not there yet is sent when
// it is.
class client {
 public:
    client(simulated_network& network, intrusive_list<client_state>& all, turns& time,
           const net::address& from, const net::address& to)
        : network_(&network), time_(&time), state_(new client_state) {
        all.push_back(*state_);
        state_->connection = network.connect_outside(state_->end, from, to);
    }
    client(client&&) noexcept = default;
    client& operator=(client&&) = delete;
    ~client() {
        if (state_) close();
    }

    // ---- requests ----

    // Sends a request, and returns at once. The answers come in order: answers()[n] is to the n-th request.
    void begin(std::string_view method, std::string_view target, std::string_view content = {},
               const field_strings& fields = {}) {
        std::string bytes = std::string(method) + ' ' + std::string(target) + " HTTP/1.1\r\nHost: test\r\n";
        for (const auto& [name, value] : fields) bytes += name + ": " + value + "\r\n";
        if (!content.empty() || method == "POST" || method == "PUT")
            bytes += "Content-Length: " + std::to_string(content.size()) + "\r\n";
        bytes += "\r\n";
        bytes += content;
        send_request(bytes, method == "HEAD");
    }
    // Sends the bytes of a request that the test made itself.
    void send_request(std::string_view bytes, bool is_head = false) {
        state_->asked.push_back(is_head);
        send(bytes);
    }
    // Sends a request and runs the simulation until it is answered: an answer with status 0 when the
    // connection has ended before, or after an hour of virtual time.
    answer ask(std::string_view method, std::string_view target, std::string_view content = {},
               const field_strings& fields = {}) {
        begin(method, target, content, fields);
        const std::size_t wanted = state_->asked.size();
        const auto is_settled = [&] { return state_->is_settled(); };
        time_->run_turns_until(is_settled, std::chrono::hours(1));
        return state_->answers.size() >= wanted ? state_->answers[wanted - 1] : answer();
    }
    answer get(std::string_view target, const field_strings& fields = {}) {
        return ask("GET", target, {}, fields);
    }
    answer post(std::string_view target, std::string_view content, const field_strings& fields = {}) {
        return ask("POST", target, content, fields);
    }

    // The answers that are complete. Throws std::runtime_error when there is something that is none.
    const std::vector<answer>& answers() {
        state_->read_answers();
        if (state_->is_malformed) throw std::runtime_error("the server sent something that is no answer");
        return state_->answers;
    }
    // 100 (Continue) and the like, in between.
    const std::vector<answer>& interim_answers() {
        answers();
        return state_->interim;
    }
    // Every request is answered, or the connection is over.
    bool is_settled() { return state_->is_settled(); }

    // ---- bytes ----

    void send(std::string_view bytes) { network_->send_outside(state_->connection, bytes); }
    // Everything so far.
    const std::string& received() const noexcept { return state_->end.received; }
    // FIN: reading goes on.
    void finish_sending() noexcept { network_->end_outside(state_->connection); }
    void close() noexcept {
        if (!std::exchange(state_->is_closed, true)) network_->close_outside(state_->connection);
    }
    // With RST: as if the client had crashed.
    void reset() noexcept {
        if (!std::exchange(state_->is_closed, true)) network_->reset_outside(state_->connection);
    }
    // Stops reading, so that the server will have to wait.
    void pause() noexcept { state_->end.is_paused = true; }
    void resume() noexcept {
        state_->end.is_paused = false;
        if (!state_->is_closed) network_->resume_outside(state_->connection);
    }

    bool is_connected() const noexcept { return state_->end.is_connected; }
    // Nobody listens there, or the handshake was not answered.
    bool is_refused() const noexcept { return state_->end.is_refused; }
    // The server has sent the end of its bytes.
    bool is_ended() const noexcept { return state_->end.is_ended; }
    // The connection was reset, by the server or by chance.
    bool is_broken() const noexcept { return state_->end.is_broken; }
    bool is_over() const noexcept { return state_->is_over(); }

 private:
    simulated_network* network_;
    turns* time_;
    owned<client_state> state_;
};

}  // namespace eventcore::testing
