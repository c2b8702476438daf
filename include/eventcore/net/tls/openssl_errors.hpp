// What OpenSSL says when something fails, as error codes and as sentences. Part of the component
// eventcore::tls: compiled once per program.
#pragma once

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <string>
#include <string_view>
#include <system_error>

#include "eventcore/net/tls/tls_socket.hpp"

namespace eventcore::net {

namespace detail {

// A code is OpenSSL's, library and reason packed; below zero it is why a certificate was not accepted.
class tls_category_type final : public std::error_category {
 public:
    const char* name() const noexcept override { return "tls"; }
    std::string message(int value) const override {
        if (value < 0) return X509_verify_cert_error_string(-value);
        const auto code = static_cast<unsigned long>(value);
        if (const char* reason = ERR_reason_error_string(code)) return reason;
        char text[128];
        ERR_error_string_n(code, text, sizeof text);
        return text;
    }
};

inline std::error_code tls_error(unsigned long code) noexcept {
    return {static_cast<int>(code & 0x7fffffff), tls_category()};
}

// Takes the errors that OpenSSL has queued on this thread; the first one is the cause: "no start line; …".
inline std::string take_openssl_errors() {
    std::string all;
    const char* data = nullptr;
    int flags = 0;
    while (const unsigned long code = ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags)) {
        std::string text = tls_error(code).message();
        if ((flags & ERR_TXT_STRING) != 0 && data && *data) text.append(" (").append(data).append(")");
        if (all.find(text) != std::string::npos) continue;
        if (!all.empty()) all += "; ";
        all += text;
    }
    return all.empty() ? "no reason given" : all;
}

}  // namespace detail

const std::error_category& tls_category() noexcept {
    static const detail::tls_category_type category;
    return category;
}

}  // namespace eventcore::net
