// The file's values by concrete path (routes[0].batch.bytes), each of the type and range that its
// row in key_table.cpp asks for, with references replaced and defaults at hand. Between document
// (syntax) and build (what the values mean together). Thread safety: plain values; read_values is a
// free function.
#pragma once

#include "config/diagnostic.hpp"
#include "config/document.hpp"
#include "config/environment.hpp"
#include "config/value_reader.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace headrace::config {

class Values {
  public:
    /// What the file says; null when it says nothing, or something that has been diagnosed.
    [[nodiscard]] Value const* find(std::string const& path) const;
    /// Whether the file names the key, rightly or not.
    [[nodiscard]] bool is_set(std::string const& path) const { return places_.contains(path); }
    /// Where the key stands; for one that is absent, the mapping that would hold it.
    [[nodiscard]] Position place(std::string const& path) const;
    [[nodiscard]] std::size_t routes() const noexcept { return routes_; }
    [[nodiscard]] std::map<std::string, Value> const& all() const noexcept { return values_; }

  private:
    friend class TreeWalk;
    std::map<std::string, Value> values_;
    std::map<std::string, Position> places_;  ///< Of keys and of sections.
    std::size_t routes_ = 0;
};

/// Walks the tree along the table of keys; everything that does not fit goes to `diagnostics`.
[[nodiscard]] Values read_values(Node const& root, Environment const& environment,
                                 DiagnosticList& diagnostics);

}  // namespace headrace::config
