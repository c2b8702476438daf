// The plaintext and JSON tests of the TechEmpower Framework Benchmarks.
#include <eventcore/eventcore.hpp>

#include <string_view>

namespace ec = eventcore;

struct greeting {
    std::string_view message;
};

int main(int argc, char** argv) {
    return ec::serve(ec::router(ec::get<"/plaintext">([] { return "Hello, World!"; }),
                                ec::get<"/json">([] { return ec::json{greeting{"Hello, World!"}}; })),
                     argc, argv);
}
