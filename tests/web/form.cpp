#include "eventcore/web/form.hpp"

#include <optional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "eventcore/web/router.hpp"
#include "support/fake_exchange.hpp"

namespace ec = eventcore;
using ec::status;
using ec::test::call;

namespace {

struct comment {
    std::string author;
    std::optional<int> rating;
    std::vector<std::string> tag;
};

const ec::test::field_strings form_type{{"Content-Type", "application/x-www-form-urlencoded"}};

}  // namespace

TEST_CASE("a form fills an aggregate by the names of its members") {
    auto app = ec::router(ec::post<"/">([](ec::form<comment> in) {
        return in->author + "," + std::to_string(in->rating.value_or(-1)) + "," +
               std::to_string(in->tag.size());
    }));
    const auto a = app.application();
    CHECK(call(a, "POST", "/", form_type, "author=Ann+B%C3%B6ll&tag=x&rating=5&tag=y&more=1").content ==
          "Ann B\xC3\xB6ll,5,2");
    CHECK(call(a, "POST", "/", form_type, "author=").content == ",-1,0");
    const auto missing = call(a, "POST", "/", form_type, "rating=5");
    CHECK(missing.code == status::bad_request);
    CHECK(missing.content.find(R"("parameter":"author")") != std::string::npos);
    for (const char* text : {"author=%", "author=a&rating=x", "author=a&tag=%zz"})
        CHECK(call(a, "POST", "/", form_type, text).code == status::bad_request);
    CHECK(call(a, "POST", "/", {{"content-type", "text/plain"}}, "author=a").code ==
          status::unsupported_media_type);
}
