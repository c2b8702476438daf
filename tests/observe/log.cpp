#include "eventcore/observe/log.hpp"

#include <string>

#include "catch.hpp"

using namespace eventcore;

namespace {

std::string line_of(const log_record& record) {
    detail::log_line line;
    return std::string(detail::format(record, line));
}

void keep(void* sink, const log_record& record) noexcept {
    *static_cast<std::string*>(sink) += line_of(record);
}

}  // namespace

TEST_CASE("a record is a line with its level, its message and its fields") {
    std::string lines;
    const logger log(&keep, &lines);
    log.warning("accept failed",
                {{"reason", "Too many open files"}, {"open", 20000}, {"paused", true}, {"fd", -1}});
    CHECK(lines ==
          "eventcore: warning: accept failed reason=\"Too many open files\" open=20000 paused=true fd=-1\n");
}

TEST_CASE("a record below the level of its logger goes nowhere") {
    std::string lines;
    const logger log(&keep, &lines, log_level::warning);
    log.info("quiet");
    log.debug("quieter");
    CHECK(lines.empty());
    log.error("loud");
    CHECK(lines == "eventcore: error: loud\n");
}

TEST_CASE("a logger that is off takes nothing, not even an error") {
    std::string lines;
    const logger log(&keep, &lines, log_level::off);
    log.error("loud");
    CHECK(lines.empty());
    CHECK_FALSE(log.is_enabled(log_level::off));
}

TEST_CASE("what a peer sent cannot forge a line or drive a terminal") {
    const log_field fields[] = {
        {"target", "/a\r\neventcore: error: forged\x1b[2J"}, {"quote", "a\"b\\c"}, {"none", ""}};
    CHECK(line_of({log_level::info, "odd\nmessage", fields}) ==
          "eventcore: info: odd\\x0amessage target=\"/a\\x0d\\x0aeventcore: error: forged\\x1b[2J\" "
          "quote=\"a\\\"b\\\\c\" none=\"\"\n");
}

TEST_CASE("a line that is too long is cut and still ends") {
    const std::string line = line_of({log_level::info, std::string(10'000, 'x'), {}});
    CHECK(line.size() <= 2048);
    CHECK(line.back() == '\n');
}

TEST_CASE("numbers are kept whole") {
    CHECK(log_field("n", ~std::uint64_t{0}).value() == "18446744073709551615");
    CHECK(log_field("n", std::int64_t{-9223372036854775807} - 1).value() == "-9223372036854775808");
}
