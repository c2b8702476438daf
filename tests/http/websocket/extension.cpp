#include "eventcore/http/websocket/extension.hpp"

#include <string>

#include "catch.hpp"
#if EVENTCORE_HAS_ZLIB
#include "eventcore/http/websocket/zlib_deflate.hpp"
#endif

using namespace eventcore;
using namespace eventcore::websockets;
using namespace std::string_view_literals;

namespace {

struct no_codec final : message_codec {
    expand_status expand(void*&, std::string_view, byte_buffer&, std::size_t, unsigned, bool) const override {
        return expand_status::malformed;
    }
    bool compress(void*&, std::string_view, byte_buffer&, unsigned, int, bool) const override {
        return false;
    }
    void free_contexts(void*, void*) const noexcept override {}
} const codec;

// What is answered to the offers; empty: nothing.
std::string answer(std::string_view offers, bool takeover = true, std::uint8_t client_bits = 15) {
    deflate_options wanted;
    wanted.codec = &codec;
    wanted.server_context_takeover = wanted.client_context_takeover = takeover;
    wanted.client_window_bits = client_bits;
    const deflate_agreement agreed = agree_on_deflate(offers, wanted);
    byte_buffer text;
    if (agreed.is_agreed) append_agreement(text, agreed);
    return std::string(text.view());
}

}  // namespace

TEST_CASE("permessage-deflate: the offers of RFC 7692, section 7, and their answers") {
    CHECK(answer("permessage-deflate") == "permessage-deflate");
    CHECK(answer("permessage-deflate", false) ==
          "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
    CHECK(answer("permessage-deflate; client_no_context_takeover") ==
          "permessage-deflate; client_no_context_takeover");
    CHECK(answer("permessage-deflate; server_max_window_bits=10") ==
          "permessage-deflate; server_max_window_bits=10");
    CHECK(answer("permessage-deflate; server_max_window_bits=\"10\"") ==
          "permessage-deflate; server_max_window_bits=10");
    CHECK(answer("permessage-deflate; client_max_window_bits", true, 10) ==
          "permessage-deflate; client_max_window_bits=10");
    CHECK(answer("permessage-deflate", true, 10) == "permessage-deflate");  // the client did not let us
    CHECK(answer("x-other, permessage-deflate; server_max_window_bits=8, permessage-deflate") ==
          "permessage-deflate");
}

TEST_CASE("permessage-deflate: offers that are passed over") {
    CHECK(answer("") == "");
    CHECK(answer(";;=,") == "");
    CHECK(answer("x-webkit-deflate-frame") == "");
    CHECK(answer("permessage-deflate; unknown") == "");
    CHECK(answer("permessage-deflate; server_max_window_bits") == "");
    CHECK(answer("permessage-deflate; server_max_window_bits=7") == "");
    CHECK(answer("permessage-deflate; server_max_window_bits=16") == "");
    CHECK(answer("permessage-deflate; server_max_window_bits=010") == "");
    CHECK(answer("permessage-deflate; server_no_context_takeover=1") == "");
    CHECK(answer("permessage-deflate; server_no_context_takeover; server_no_context_takeover") == "");
    CHECK(answer("permessage-deflate; client_max_window_bits=9; client_max_window_bits=9") == "");
    CHECK(agree_on_deflate("permessage-deflate", {}).is_agreed == false);
}

#if EVENTCORE_HAS_ZLIB

TEST_CASE("zlib: what is compressed comes back, context taken over or not") {
    for (const bool keeps : {false, true}) {
        void *ours = nullptr, *theirs = nullptr;
        for (const std::size_t size : {300UL, 5'000UL, 100'000UL}) {
            std::string text;
            while (text.size() < size)
                text += "{\"id\": " + std::to_string(text.size()) + ", \"name\": \"x\"}, ";
            byte_buffer small, back;
            REQUIRE(zlib().compress(ours, text, small, 15, 6, keeps));
            CHECK(small.size() < text.size() / 2);
            CHECK(zlib().expand(theirs, small.view(), back, text.size(), 15, keeps) == expand_status::ok);
            CHECK(back.view() == text);
            CHECK((ours != nullptr) == keeps);
        }
        zlib().free_contexts(theirs, ours);
    }
}

TEST_CASE("zlib: the examples of RFC 7692, section 7.2.3") {
    const auto expanded = [](std::string_view bytes) {
        byte_buffer out;
        void* context = nullptr;
        CHECK(zlib().expand(context, bytes, out, 100, 15, false) == expand_status::ok);
        return std::string(out.view());
    };
    CHECK(expanded("\xf2\x48\xcd\xc9\xc9\x07\x00"sv) == "Hello");
    CHECK(expanded("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"sv) == "Hello");
    CHECK(expanded("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"sv) == "Hello");                      // a final block
    CHECK(expanded("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"sv) == "Hello");  // two blocks
    CHECK(expanded("\x02\x00"sv) == "");
}

TEST_CASE("zlib: a bomb stops at the limit, garbage is told, noise is not compressed") {
    byte_buffer small, out;
    void* context = nullptr;
    REQUIRE(zlib().compress(context, std::string(10'000'000, '\0'), small, 15, 9, false));
    CHECK(zlib().expand(context, small.view(), out, 100'000, 15, false) == expand_status::too_large);
    CHECK(out.size() <= 100'000);
    CHECK(zlib().expand(context, "\xff\xff\xff\xff", out, 100, 15, false) == expand_status::malformed);
    std::string noise;
    for (std::uint32_t n = 1; noise.size() < 1000; n = n * 1'664'525 + 1'013'904'223)
        noise += static_cast<char>(n >> 24);
    byte_buffer none;
    CHECK_FALSE(zlib().compress(context, noise, none, 15, 9, false));
    CHECK(none.empty());
}

#endif
