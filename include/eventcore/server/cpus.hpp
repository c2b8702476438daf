// Which CPUs this process may run on, and binding a thread to one (sched_setaffinity(2)).
#pragma once

#include <unistd.h>

#ifdef __linux__
#include <sched.h>
#endif

namespace eventcore {

// How many there are, at least one.
inline unsigned usable_cpu_count() noexcept {
#ifdef __linux__
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<unsigned>(CPU_COUNT(&set));
#endif
    const long online = ::sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? static_cast<unsigned>(online) : 1;
}

// The calling thread runs only on the n-th of them, counted round and round; without effect where the system
// cannot do that.
inline void bind_thread_to_usable_cpu([[maybe_unused]] unsigned n) noexcept {
#ifdef __linux__
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(0, sizeof set, &set) != 0) return;
    unsigned skip = n % static_cast<unsigned>(CPU_COUNT(&set));
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (!CPU_ISSET(cpu, &set) || skip-- != 0) continue;
        CPU_ZERO(&set);
        CPU_SET(cpu, &set);
        ::sched_setaffinity(0, sizeof set, &set);
        return;
    }
#endif
}

}  // namespace eventcore
