// What an emulator's pure logic takes and gives: the time as a value, and an answer together with
// the wait before it is sent. Used by both emulators and by the shell that binds them to a socket.
#pragma once

#include "base/clock.hpp"
#include "http/server.hpp"

#include <cstdint>

namespace headrace::emulator {

/// Both clocks at one moment.
struct Moment {
    TimePoint at;
    WallTime wall;
};

/// Names a request in progress.
using Ticket = std::uint64_t;

struct Reply {
    http::ServerResponse response;
    Duration wait{};    ///< Time between the work and the answer.
    Ticket ticket = 0;  ///< To be given back with finish() just before the answer is sent.
};

/// No emulated wait is longer: a stalled request is reset after it.
inline constexpr Duration stall_max = std::chrono::minutes(10);

}  // namespace headrace::emulator
