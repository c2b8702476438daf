// Tasks on a real reactor, in tests: started here, turned until they end.
#pragma once

#include <stdlib.h>

#include <memory>
#include <string>
#include <utility>

#include "eventcore/coro/context.hpp"
#include "eventcore/coro/task.hpp"
#include "reactor/reactors.hpp"
#include "support/manual_scheduler.hpp"

namespace eventcore::test {

// Runs a task to its end; fails the test when that takes seconds.
template <class T>
T run_on(reactor& r, context& c, task<T> work) {
    started<T> root(c, std::move(work));
    REQUIRE(reactors::turn_until(r, [&] { return root.is_done(); }));
    return root.take();
}
template <class T>
T run_on(reactor& r, task<T> work) {
    context root(r);
    return run_on(r, root, std::move(work));
}

// For results: what the task returned, or why not.
inline task<> store_in(task<result<int>> work, result<int>* to) { *to = co_await std::move(work); }

// A directory of its own under /tmp, removed with what is in it.
class temporary_directory {
 public:
    temporary_directory() {
        char pattern[] = "/tmp/eventcore-test-XXXXXX";
        path_ = ::mkdtemp(pattern);
    }
    temporary_directory(const temporary_directory&) = delete;
    temporary_directory& operator=(const temporary_directory&) = delete;
    ~temporary_directory() { (void)!std::system(("rm -rf '" + path_ + "'").c_str()); }

    const std::string& path() const { return path_; }
    std::string at(const std::string& name) const { return path_ + "/" + name; }

 private:
    std::string path_;
};

}  // namespace eventcore::test
