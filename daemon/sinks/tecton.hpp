// Tecton's Stream Ingest API as a dialect: requests of several stream sources, raw records spliced
// in, answers judged by status and body. Both spellings of the API: a path that contains /v2/ takes
// camelCase. Made by the registry.
#pragma once

#include "sinks/dialect.hpp"
#include "sinks/settings.hpp"

#include <memory>

namespace headrace::sinks {

[[nodiscard]] std::unique_ptr<Dialect> make_tecton_dialect(TectonSettings settings);

}  // namespace headrace::sinks
