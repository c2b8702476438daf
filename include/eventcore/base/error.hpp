// The failures EventCore itself can report, as a std::error_code category. Kernel failures keep their errno
// in std::system_category().
#pragma once

#include <string>
#include <system_error>

namespace eventcore {

enum class errc {
    canceled = 1,       // the surrounding context was cancelled: drain, client gone, a sibling failed
    timed_out,          // the deadline of the context passed
    closed,             // the peer ended the connection where more was expected
    would_block,        // nothing can be moved now; the readiness machinery will say when
    too_large,          // a limit on size or count was exceeded
    malformed,          // bytes that do not follow the grammar they must follow
    overloaded,         // a bounded queue or pool is full
    not_supported,      // this platform, kernel or build cannot do it
    invalid_argument,   // the caller's value is outside what the function accepts
    not_found,          // a name that does not exist
    outside_directory,  // a path that would leave its base directory
};

const std::error_category& eventcore_category() noexcept;

inline std::error_code make_error_code(errc e) noexcept {
    return {static_cast<int>(e), eventcore_category()};
}

// An errno value as an error code.
inline std::error_code system_error(int errno_value) noexcept {
    return {errno_value, std::system_category()};
}

namespace detail {

class eventcore_category_type final : public std::error_category {
 public:
    const char* name() const noexcept override { return "eventcore"; }

    std::string message(int value) const override {
        switch (static_cast<errc>(value)) {
            case errc::canceled: return "canceled";
            case errc::timed_out: return "timed out";
            case errc::closed: return "closed by the peer";
            case errc::would_block: return "would block";
            case errc::too_large: return "too large";
            case errc::malformed: return "malformed";
            case errc::overloaded: return "overloaded";
            case errc::not_supported: return "not supported";
            case errc::invalid_argument: return "invalid argument";
            case errc::not_found: return "not found";
            case errc::outside_directory: return "path leaves its base directory";
        }
        return "unknown";
    }
};

}  // namespace detail

inline const std::error_category& eventcore_category() noexcept {
    static const detail::eventcore_category_type category;
    return category;
}

}  // namespace eventcore

template <>
struct std::is_error_code_enum<eventcore::errc> : std::true_type {};
