// What may go wrong in a simulation and how often: probabilities from 0 to 1, drawn at each call,
// connection or turn of the loop.
#pragma once

namespace eventcore::testing {

struct fault_plan {
    // ---- nothing is lost by these; a program only has to be patient ----
    double short_read = 0.25;     // of a receive: fewer bytes than are there
    double short_write = 0.25;    // of a send: fewer bytes than there is room for
    double would_block = 0.1;     // of a receive or send: EAGAIN although it could go on
    double spurious_news = 0.05;  // of a turn: a socket is reported readable, and is not
    double slow_peer = 0.1;       // of a connection: bytes trickle, at times for seconds
    double clock_jump = 0;        // of a turn: the wall clock moves, up to an hour either way

    // ---- these end something ----
    double reset = 0;           // of a receive or send: the connection breaks (ECONNRESET, EPIPE)
    double reset_later = 0;     // of a connection: it breaks at some time in its first second
    double no_memory = 0;       // of a receive or send: ENOMEM, ENOBUFS
    double accept_failure = 0;  // of an accept: EMFILE, ENFILE, ENOMEM, ENOBUFS, ECONNABORTED
    double no_thread = 0;       // of a job: there is no thread for it
    double disk_error = 0;      // of a call on a file: EIO
    double disk_full = 0;       // of a write: ENOSPC

    // Every byte as it was sent, when it was asked for.
    static constexpr fault_plan none() noexcept { return {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}; }
    // What a healthy program must not notice: the default.
    static constexpr fault_plan patient() noexcept { return {}; }
    // Everything, often: a program may fail requests, but must not hang, leak or answer wrongly.
    static constexpr fault_plan hostile() noexcept {
        return {0.25, 0.25, 0.2, 0.1, 0.2, 0.01, 0.01, 0.1, 0.005, 0.1, 0.05, 0.02, 0.02};
    }
};

}  // namespace eventcore::testing
