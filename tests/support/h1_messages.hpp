// Reads the requests of a connection with the parser and the decoder of http/h1, the way a server does, into
// values that own what they hold: for tests that compare what was understood.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eventcore/http/h1/chunked.hpp"
#include "eventcore/http/h1/parser.hpp"

namespace eventcore::test {

using owned_fields = std::vector<std::pair<std::string, std::string>>;

struct h1_message {
    std::string method, target, path, query, authority;
    owned_fields fields, trailers;
    std::string content;
    std::uint64_t content_length = 0;
    http::body_framing framing{};
    http::method verb{};
    http::target_form form{};
    int minor_version = 1;
    bool keep_alive = true, expects_continue = false, has_upgrade = false, has_query = false;

    bool operator==(const h1_message&) const = default;
};

// A request that ends with Connection: close is the last one; what follows it is not looked at.
enum class h1_end { waiting, refused, closed };

// Feed it bytes in any pieces.
class h1_reader {
 public:
    explicit h1_reader(const h1::limits& bounds = {}) : bounds_(bounds), slots_(bounds.field_count) {}

    void feed(std::string_view piece) {
        unread_ += piece;
        while (end_ == h1_end::waiting && step()) {
        }
    }

    const std::vector<h1_message>& messages() const { return messages_; }
    h1_end end() const { return end_; }
    http::status refusal() const { return refusal_; }
    // A head was complete and its content has begun.
    bool is_in_content() const { return in_content_; }
    // Outcomes as the letters of the shared suites: A accepted, R refused, I waiting, "!" closed after A.
    std::string outcome() const {
        std::string letters(messages_.size(), 'A');
        if (end_ == h1_end::refused) return letters + 'R';
        if (end_ == h1_end::closed) return letters + '!';
        return is_in_content() || parser_.has_started() ? letters + 'I' : letters;
    }
    bool operator==(const h1_reader& other) const {
        return messages_ == other.messages_ && end_ == other.end_ && refusal_ == other.refusal_ &&
               in_content_ == other.in_content_;
    }

 private:
    bool step() { return in_content_ ? take_content() : take_head(); }

    bool take_head() {
        // Bytes of their own, so that a sanitizer sees who reads behind them or keeps views of the last ones.
        const std::unique_ptr<char[]> copy(new char[unread_.size()]);
        unread_.copy(copy.get(), unread_.size());
        http::request_head head;
        const h1::slot_storage slots{slots_.data(), static_cast<std::uint32_t>(slots_.size())};
        const auto outcome = parser_.parse(copy.get(), unread_.size(), bounds_, slots, head);
        if (outcome.state == h1::parse_status::error) return refuse(outcome.refusal);
        if (outcome.state == h1::parse_status::need_more) return false;
        keep(head);
        unread_.erase(0, outcome.head_bytes);
        left_ = head.content_length;
        decoder_.reset();
        trailers_.clear();
        in_content_ = true;
        return true;
    }

    void keep(const http::request_head& head) {
        now_ = h1_message{};
        now_.method = head.method_text;
        now_.target = head.target;
        now_.path = head.path;
        now_.query = head.query;
        now_.authority = head.authority;
        for (const http::field_view field : head.fields) now_.fields.emplace_back(field.name, field.value);
        now_.content_length = head.content_length;
        now_.framing = head.framing;
        now_.verb = head.verb;
        now_.form = head.form;
        now_.minor_version = head.minor_version;
        now_.keep_alive = head.keep_alive;
        now_.expects_continue = head.expects_continue;
        now_.has_upgrade = head.has_upgrade;
        now_.has_query = head.has_query;
    }

    bool take_content() {
        if (now_.framing == http::body_framing::chunked) return take_chunk();
        const std::size_t bytes = left_ < unread_.size() ? static_cast<std::size_t>(left_) : unread_.size();
        now_.content.append(unread_, 0, bytes);
        unread_.erase(0, bytes);
        left_ -= bytes;
        return left_ == 0 && end_message();
    }

    bool take_chunk() {
        const std::unique_ptr<char[]> copy(new char[unread_.size()]);
        unread_.copy(copy.get(), unread_.size());
        const auto step = decoder_.step(copy.get(), unread_.size(), bounds_, &trailers_);
        now_.content += step.data;
        unread_.erase(0, step.consumed);
        switch (step.state) {
            case h1::chunk_status::need_more: return false;
            case h1::chunk_status::data: return true;
            case h1::chunk_status::error: return refuse(step.refusal);
            case h1::chunk_status::end: break;
        }
        for (const http::field_view field : trailers_) now_.trailers.emplace_back(field.name, field.value);
        return end_message();
    }

    bool end_message() {
        messages_.push_back(now_);
        in_content_ = false;
        parser_.reset();
        if (!now_.keep_alive) end_ = h1_end::closed;
        return true;
    }
    bool refuse(http::status why) {
        refusal_ = why;
        end_ = h1_end::refused;
        return false;
    }

    h1::limits bounds_;
    std::vector<http::field_slot> slots_;
    std::string unread_;
    h1::request_parser parser_;
    h1::chunked_decoder decoder_;
    http::fields trailers_;
    h1_message now_;
    std::uint64_t left_ = 0;
    bool in_content_ = false;
    h1_end end_ = h1_end::waiting;
    http::status refusal_ = http::status::ok;
    std::vector<h1_message> messages_;
};

inline h1_reader read_h1(std::string_view bytes, std::size_t piece = SIZE_MAX,
                         const h1::limits& bounds = {}) {
    h1_reader reader(bounds);
    for (std::size_t at = 0; at < bytes.size(); at += piece < bytes.size() - at ? piece : bytes.size() - at)
        reader.feed(bytes.substr(at, piece));
    return reader;
}

}  // namespace eventcore::test
