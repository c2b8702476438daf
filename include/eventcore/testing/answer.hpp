// What a server answered, whole, and how to find it in the bytes of a connection (RFC 9112).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eventcore/base/ascii.hpp"

namespace eventcore::testing {

using field_strings = std::vector<std::pair<std::string, std::string>>;

struct answer {
    int status = 0;  // 0: there was no answer
    field_strings fields;
    std::string content;         // decoded when it was chunked
    std::exception_ptr failure;  // what the handler threw; known to test_client only

    // The first field of that name, or nothing.
    std::string_view field(std::string_view name) const noexcept {
        for (const auto& [n, value] : fields)
            if (equal_ignoring_case(n, name)) return value;
        return {};
    }
    explicit operator bool() const noexcept { return status != 0; }
};

// Takes answers, one by one, from what a connection has received. It is as strict as a client may be: what it
// does not like ends it, and `is_malformed` says so.
class answer_reader {
 public:
    enum class outcome : std::uint8_t { complete, incomplete, malformed };

    // The answer that begins at `at`, which moves behind it. `is_at_end`: nothing more will come.
    outcome read(std::string_view received, std::size_t& at, bool is_to_head, bool is_at_end, answer& to) {
        const std::string_view rest = received.substr(at);
        const std::size_t head = rest.find("\r\n\r\n");
        if (head == rest.npos) return outcome::incomplete;
        to = answer();
        if (!read_head(rest.substr(0, head + 2), to)) return outcome::malformed;
        const std::string_view content = rest.substr(head + 4);
        std::size_t used = 0;
        const outcome ended = read_content(content, is_to_head, is_at_end, to, used);
        if (ended == outcome::complete) at += head + 4 + used;
        return ended;
    }

 private:
    // Lines that end with CRLF: the status line and the fields.
    static bool read_head(std::string_view lines, answer& to) {
        if (lines.substr(0, 9) != "HTTP/1.1 " || lines.size() < 14 || lines[12] != ' ') return false;
        for (char digit : lines.substr(9, 3)) {
            if (digit < '0' || digit > '9') return false;
            to.status = to.status * 10 + (digit - '0');
        }
        lines.remove_prefix(lines.find("\r\n") + 2);
        while (!lines.empty()) {
            const std::size_t end = lines.find("\r\n");
            const std::string_view line = lines.substr(0, end);
            const std::size_t colon = line.find(':');
            if (colon == line.npos || colon == 0 ||
                line.find_first_of(std::string_view("\r\n\0", 3)) != line.npos)
                return false;
            std::string_view value = line.substr(colon + 1);
            while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
            to.fields.emplace_back(line.substr(0, colon), value);
            lines.remove_prefix(end + 2);
        }
        return to.status >= 100;
    }

    static outcome read_content(std::string_view content, bool is_to_head, bool is_at_end, answer& to,
                                std::size_t& used) {
        if (is_to_head || to.status < 200 || to.status == 204 || to.status == 304) return outcome::complete;
        if (to.field("transfer-encoding") == "chunked") return read_chunks(content, to, used);
        const std::string_view length = to.field("content-length");
        if (length.empty()) {  // up to the end of the connection
            to.content = content;
            used = content.size();
            return is_at_end ? outcome::complete : outcome::incomplete;
        }
        for (char digit : length)
            if (digit < '0' || digit > '9') return outcome::malformed;
        used = static_cast<std::size_t>(std::strtoull(std::string(length).c_str(), nullptr, 10));
        if (content.size() < used) return outcome::incomplete;
        to.content = content.substr(0, used);
        return outcome::complete;
    }

    static outcome read_chunks(std::string_view content, answer& to, std::size_t& used) {
        while (true) {
            const std::string_view rest = content.substr(used);
            const std::size_t line = rest.find("\r\n");
            if (line == rest.npos) return outcome::incomplete;
            char* end = nullptr;
            const std::string size_text(rest.substr(0, line));
            const auto size = static_cast<std::size_t>(std::strtoull(size_text.c_str(), &end, 16));
            if (line == 0 || *end != '\0') return outcome::malformed;
            if (rest.size() < line + 2 + size + 2) return outcome::incomplete;
            to.content += rest.substr(line + 2, size);
            if (rest.substr(line + 2 + size, 2) != "\r\n") return outcome::malformed;
            used += line + 2 + size + 2;
            if (size == 0) return outcome::complete;
        }
    }
};

}  // namespace eventcore::testing
