// What the targets that serve whole connections serve: an answer at once, contents whole and in pieces.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "eventcore/web/router.hpp"

namespace eventcore::test {

inline task<std::string> count(body_reader& body) {
    std::size_t bytes = 0;
    while (true) {
        const result<std::string_view> piece = co_await body.read();
        if (!piece) co_return "failed";
        if (piece->empty()) break;
        bytes += piece->size();
    }
    co_return std::to_string(bytes);
}

// And `more` routes.
template <class... Items>
auto small_application(Items... more) {
    return router(get<"/">([] { return "Hello, World!"; }),
                  post<"/">([](bytes content) { return std::string(content.view()); }),
                  put<"/{path...}">([](std::string_view, body_reader& body) { return count(body); }),
                  std::move(more)...);
}

}  // namespace eventcore::test
