// Reads JSON: needs the component eventcore::json.
#include <eventcore/eventcore.hpp>

struct question {
    int answer = 0;
};

int answer_in_json() {
    question read;
    const auto error = eventcore::json_codec::read(R"({"answer": 42})", read);
    return error ? 0 : read.answer;
}
