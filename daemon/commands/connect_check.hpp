// Asks a destination whether a route could write to it: for `validate --connect`. Nothing is
// written: Tecton gets a dry run with an empty record, Milvus the description of the collection.
// Thread safety: blocks its caller for the route's connect and request time-outs at most.
#pragma once

#include "base/clock.hpp"
#include "config/config.hpp"

#include <string>
#include <vector>

namespace headrace::commands {

/// What is wrong, one sentence each; empty: the route could write.
[[nodiscard]] std::vector<std::string> check_destination(config::Route const& route,
                                                         Clock const& clock);

}  // namespace headrace::commands
