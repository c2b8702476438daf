// Requests as browsers and benchmarks send them, of about 50, 400 and 700 bytes.
#pragma once

#include <string_view>

namespace micro {

inline constexpr std::string_view small_request = "GET /plaintext HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n";

inline constexpr std::string_view api_request =
    "GET /api/v1/orders/1724?fields=id,total HTTP/1.1\r\n"
    "Host: shop.example.com\r\n"
    "Connection: keep-alive\r\n"
    "Accept: application/json, text/plain, */*\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Accept-Language: en-GB,en;q=0.8\r\n"
    "Referer: https://shop.example.com/orders\r\n"
    "Cookie: session=6f1c2b9a8d7e4f30\r\n"
    "\r\n";

inline constexpr std::string_view page_request =
    "GET /articles/2026/11/how-to-measure-a-server?from=front&position=3 HTTP/1.1\r\n"
    "Host: www.example.com\r\n"
    "Connection: keep-alive\r\n"
    "Cache-Control: max-age=0\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
    "Sec-Fetch-Mode: navigate\r\n"
    "Sec-Fetch-Dest: document\r\n"
    "Referer: https://www.example.com/\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-US,en;q=0.9,de;q=0.7\r\n"
    "Cookie: consent=yes; theme=dark; session=b7e23ec29af22b0b4e41da31e868d572\r\n"
    "\r\n";

}  // namespace micro
