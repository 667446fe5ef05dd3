// Milvus's RESTful API v2 as a dialect: upsert, insert and delete of rows, raw records spliced in,
// answers judged by the code in the body before the status. What it must know of a collection (its
// primary key) it learns from `describe`. Made by the registry.
#pragma once

#include "sinks/dialect.hpp"
#include "sinks/settings.hpp"

#include <memory>

namespace headrace::sinks {

[[nodiscard]] std::unique_ptr<Dialect> make_milvus_dialect(MilvusSettings settings);

}  // namespace headrace::sinks
