#include "eventcore/http/websocket/frame.hpp"

#include <string>

#include "catch.hpp"

using namespace eventcore::websockets;
using namespace std::string_literals;

namespace {

struct parsed {
    header_status status = header_status::incomplete;
    frame_header header;
    std::size_t bytes = 0;
};
parsed parse(std::string_view text) {
    parsed out;
    out.status = parse_frame_header(text, out.header, out.bytes);
    return out;
}

}  // namespace

TEST_CASE("the examples of RFC 6455, section 5.7") {
    const parsed hello = parse("\x81\x05Hello");
    CHECK(hello.status == header_status::complete);
    CHECK(hello.header.code == opcode::text);
    CHECK(hello.header.is_final);
    CHECK_FALSE(hello.header.is_masked);
    CHECK(hello.header.payload_bytes == 5);
    CHECK(hello.bytes == 2);

    const parsed masked = parse("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
    REQUIRE(masked.status == header_status::complete);
    CHECK(masked.bytes == 6);
    std::string payload = "\x7f\x9f\x4d\x51\x58";
    apply_mask(payload.data(), payload.size(), masked.header.mask);
    CHECK(payload == "Hello");

    CHECK(parse("\x01\x03Hel").header.is_final == false);
    CHECK(parse("\x80\x02lo").header.code == opcode::continuation);
    CHECK(parse("\x89\x05Hello").header.code == opcode::ping);
    CHECK(parse("\x82\x7e\x01\x00"s).header.payload_bytes == 256);
    CHECK(parse("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"s).header.payload_bytes == 65536);
}

TEST_CASE("a header that is cut off is incomplete") {
    const std::string whole = "\x82\xff\x00\x00\x00\x00\x00\x01\x00\x00\x01\x02\x03\x04"s;
    for (std::size_t size = 0; size < whole.size(); ++size)
        CHECK(parse(whole.substr(0, size)).status == header_status::incomplete);
    const parsed complete = parse(whole);
    CHECK(complete.status == header_status::complete);
    CHECK(complete.bytes == frame_header_bytes_max);
    CHECK(complete.header.mask == mask_key{1, 2, 3, 4});
}

TEST_CASE("what a frame must not be, told as soon as it is seen") {
    CHECK(parse("\xa1").status == header_status::error);  // RSV2
    CHECK(parse("\x91").status == header_status::error);  // RSV3
    for (const char code : {'\x83', '\x87', '\x8b', '\x8f'})
        CHECK(parse(std::string(1, code)).status == header_status::error);
    CHECK(parse("\x09\x80").status == header_status::error);                           // a ping in fragments
    CHECK(parse("\xc9\x80").status == header_status::error);                           // a compressed ping
    CHECK(parse("\x89\xfe").status == header_status::error);                           // a ping of 126 bytes
    CHECK(parse("\x82\xfe\x00\x7d\x01\x02\x03\x04"s).status == header_status::error);  // 125 in two bytes
    CHECK(parse("\x82\xff\x80").status == header_status::error);                       // the top bit
    CHECK(parse("\x82\xff\x00\x00\x00\x00\x00\x00\xff\xff\x01\x02\x03\x04"s).status == header_status::error);
}

TEST_CASE("what is written is what is read") {
    for (const std::uint64_t size : {0UL, 1UL, 125UL, 126UL, 65535UL, 65536UL, 1UL << 40}) {
        char header[frame_header_bytes_max];
        char* const end = write_frame_header(header, opcode::binary, size, true, false);
        const parsed back = parse({header, static_cast<std::size_t>(end - header)});
        CHECK(back.status == header_status::complete);
        CHECK(back.bytes == static_cast<std::size_t>(end - header));
        CHECK(back.header.payload_bytes == size);
        CHECK(back.header.is_compressed);
        CHECK_FALSE(back.header.is_final);
    }
}

TEST_CASE("masking: every length, in any two pieces") {
    const mask_key key{'\x12', '\x9a', '\x00', '\xff'};
    for (std::size_t size = 0; size < 100; ++size) {
        std::string text(size, '\0'), expected(size, '\0');
        for (std::size_t i = 0; i < size; ++i) {
            text[i] = static_cast<char>(i * 7);
            expected[i] = static_cast<char>(text[i] ^ key[i % 4]);
        }
        for (std::size_t cut = 0; cut <= size; ++cut) {
            std::string masked = text;
            apply_mask(masked.data(), cut, key);
            apply_mask(masked.data() + cut, size - cut, key, cut);
            CHECK(masked == expected);
        }
    }
}

TEST_CASE("which codes a Close frame may carry") {
    for (const int code :
         {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999})
        CHECK(may_be_sent(static_cast<std::uint16_t>(code)));
    for (const int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535})
        CHECK_FALSE(may_be_sent(static_cast<std::uint16_t>(code)));
}
