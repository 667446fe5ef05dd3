// What an operator may ask of a running route, and what is answered. Spoken between the control
// socket's side of the daemon and the intake, which carries it out. Plain values. Thread safety:
// plain values; a reply is called once, on the route's consumer thread, and must not call back into
// the intake.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace headrace::flow {

enum class RouteAction : std::uint8_t {
    pause,   ///< Read no more; what was read is finished, settled and committed.
    resume,  ///< Read on, joining the group again after a drain; try at once what is held up.
    drain,   ///< Give back what was never sent, finish the rest, commit, leave the group, stay
             ///< paused.
};
[[nodiscard]] std::string_view to_string(RouteAction action) noexcept;

struct RouteAnswer {
    bool is_done = false;        ///< Everything that the action promises has come to pass.
    std::string message;         ///< What happened, and what to do if it is not done.
    std::uint64_t open = 0;      ///< Records that are read and neither settled nor returned.
    std::uint64_t returned = 0;  ///< By a drain: records that were given back.
    bool is_committed = false;   ///< Every settled record's offset is confirmed by Kafka.
};

using RouteReply = std::function<void(RouteAnswer)>;

struct RouteCommand {
    RouteAction action = RouteAction::pause;
    TimePoint deadline{};  ///< The answer comes by then, whatever has come to pass.
    RouteReply reply;
};

}  // namespace headrace::flow
