// As much of JSON Schema 2020-12 as the configuration's schema uses, over our YAML nodes, so that a
// test can compare the schema with the parser. An unknown keyword throws: the schema must not use
// what is not checked. Thread safety: belongs to one thread.
#pragma once

#include "config/document.hpp"
#include "unit/config/fake_environment.hpp"

#include <simdjson.h>

#include <string>
#include <string_view>

namespace headrace::config {

class SchemaCheck {
  public:
    explicit SchemaCheck(std::string const& schema) : root_(parser_.parse(schema)) {}

    [[nodiscard]] bool accepts(std::string_view yaml) const;

  private:
    using Json = simdjson::dom::element;
    [[nodiscard]] bool fits(Json schema, Node const& node) const;
    [[nodiscard]] bool fits_keyword(std::string_view keyword, Json argument, Json schema,
                                    Node const& node) const;
    [[nodiscard]] bool fits_members(Json schema, Node const& node) const;
    [[nodiscard]] std::size_t count_fitting(Json schemas, Node const& node) const;

    simdjson::dom::parser parser_;
    Json root_;
};

}  // namespace headrace::config
