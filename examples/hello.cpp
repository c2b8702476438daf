// The smallest server: http://127.0.0.1:8080/
#include <eventcore/eventcore.hpp>

namespace ec = eventcore;

int main(int argc, char** argv) {
    return ec::serve(ec::router(ec::get<"/">([] { return "Hello, World!\n"; })), argc, argv);
}
