// The CPU time of other processes: exact from schedstat, its division into user and system from the clock
// ticks.
#pragma once

#include <dirent.h>
#include <unistd.h>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace generator {

struct process_time {
    std::uint64_t nanoseconds = 0;
    std::uint64_t user_ticks = 0;
    std::uint64_t system_ticks = 0;

    process_time operator-(const process_time& o) const {
        return {nanoseconds - o.nanoseconds, user_ticks - o.user_ticks, system_ticks - o.system_ticks};
    }
};

inline void add_thread(process_time& to, const std::string& folder) {
    if (std::FILE* stat = std::fopen((folder + "/schedstat").c_str(), "re")) {
        unsigned long long on_cpu = 0;
        if (std::fscanf(stat, "%llu", &on_cpu) == 1) to.nanoseconds += on_cpu;
        std::fclose(stat);
    }
    if (std::FILE* stat = std::fopen((folder + "/stat").c_str(), "re")) {
        unsigned long long user = 0, system = 0;
        // The second field is the program's name in parentheses.
        if (std::fscanf(stat, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user,
                        &system) == 2)
            to.user_ticks += user, to.system_ticks += system;
        std::fclose(stat);
    }
}

inline process_time time_of(const std::vector<int>& processes) {
    process_time sum;
    for (const int process : processes) {
        const std::string threads = "/proc/" + std::to_string(process) + "/task/";
        DIR* folder = opendir(threads.c_str());
        if (!folder) continue;
        while (const dirent* entry = readdir(folder))
            if (entry->d_name[0] != '.') add_thread(sum, threads + entry->d_name);
        closedir(folder);
    }
    return sum;
}

}  // namespace generator
