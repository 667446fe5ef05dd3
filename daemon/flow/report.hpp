// How the flow tells operators what happens: a severity, a stable kind and a sentence, never a
// payload or a credential. The composition root connects it to the log, which limits its rate per
// kind.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace headrace::flow {

enum class Severity : std::uint8_t {
    debug,    ///< For developers.
    info,     ///< Something went as it should, and operators like to know.
    warning,  ///< Something is in trouble and mends itself.
    error,    ///< Somebody has to act.
};

/// `kind` is static text, such as "route_blocked": the log's rate limit counts by it.
using Report =
    std::function<void(Severity severity, std::string_view kind, std::string const& message)>;

}  // namespace headrace::flow
