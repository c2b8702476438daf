// Names that blocks of the documentation use without declaring them. See snippets.py.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "eventcore/eventcore.hpp"

namespace ec = eventcore;
using namespace std::chrono_literals;

struct user {
    std::uint64_t id = 0;
    std::string name;
};
std::optional<user> find_user(std::uint64_t id);
ec::task<ec::result<user>> load_user(std::uint64_t id);
ec::task<std::vector<std::string>> load_posts(std::uint64_t id);
std::string slow_lookup(const std::string& name);
ec::task<> warm_cache();
