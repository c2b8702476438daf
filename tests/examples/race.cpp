#include <cstdio>
#include <cstdlib>
#include <string>

#include "program.hpp"

namespace {

struct ended {
    int status;
    std::string output;
};
ended run(const std::string& environment, const std::string& arguments) {
    const std::string command =
        environment + " " EVENTCORE_BINARY_DIR "/bin/race " + arguments + " 2>/dev/null";
    std::FILE* pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe);
    std::string output;
    char bytes[4096];
    while (const std::size_t got = std::fread(bytes, 1, sizeof bytes, pipe)) output.append(bytes, got);
    return {WEXITSTATUS(::pclose(pipe)), output};
}

}  // namespace

TEST_CASE("the race is found, and its seed shows it again and again") {
    const ended found = run("", "");
    CHECK(found.status == 1);
    REQUIRE(found.output.find("paid 140 from an account of 100") == 0);
    const std::size_t at = found.output.find("EVENTCORE_SEED=");
    REQUIRE(at != std::string::npos);
    const std::string seed = found.output.substr(at, found.output.find('\n', at) - at);
    for (int i = 0; i < 3; ++i) {
        const ended again = run(seed, "");
        CHECK(again.status == 1);
        CHECK(again.output == found.output);
    }
}

TEST_CASE("most seeds do not show the race, and none does when it is fixed") {
    int shown = 0;
    for (int seed = 1; seed <= 40; ++seed)
        shown += run("EVENTCORE_SEED=" + std::to_string(seed), "").status == 1;
    CHECK(shown < 30);
    const ended fixed = run("", "--fixed");
    CHECK(fixed.status == 0);
    CHECK(fixed.output == "every schedule is right\n");
}
