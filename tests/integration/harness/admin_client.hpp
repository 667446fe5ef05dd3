// Asks a daemon's admin address over a plain socket, as curl would. Not the daemon's own HTTP
// client: what judges the daemon shares no code with it. Thread safety: free functions.
#pragma once

#include <cstdint>
#include <string>

namespace headrace::integration {

struct AdminAnswer {
    int status = 0;  ///< 0: no answer.
    std::string body;
};

/// One GET on a connection of its own.
[[nodiscard]] AdminAnswer get(std::uint16_t port, std::string const& path);

}  // namespace headrace::integration
