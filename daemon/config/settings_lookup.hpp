// Values under one prefix with defaults filled in, and errors at the right place: what the builders
// of Config read from. Used by build, build_route and build_destination. Thread safety: belongs to
// the builder's thread.
#pragma once

#include "base/clock.hpp"
#include "config/diagnostic.hpp"
#include "config/values.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::config {

class SettingsLookup {
  public:
    /// For keys outside the routes.
    SettingsLookup(Values const& values, DiagnosticList& diagnostics)
        : values_(values), diagnostics_(diagnostics) {}
    /// For the keys of one route; `destination` decides between defaults.
    SettingsLookup(Values const& values, DiagnosticList& diagnostics, std::size_t route,
                   Scope destination);

    /// What the file says, or null.
    [[nodiscard]] Value const* find(std::string_view key) const { return values_.find(path(key)); }
    [[nodiscard]] bool is_set(std::string_view key) const { return values_.is_set(path(key)); }
    /// The full path, such as routes[0].batch.bytes.
    [[nodiscard]] std::string path(std::string_view key) const {
        return prefix_ + std::string(key);
    }

    /// The value or the default; where neither is good, 0, false and empty text. REQUIRES: the
    /// table has the key, with that type.
    [[nodiscard]] std::string text(std::string_view key) const { return get(key).text.value; }
    [[nodiscard]] std::string shown(std::string_view key) const {
        return config::shown(get(key).text);
    }
    [[nodiscard]] bool flag(std::string_view key) const { return get(key).flag; }
    [[nodiscard]] std::size_t count(std::string_view key) const;
    [[nodiscard]] Duration milliseconds(std::string_view key) const;
    [[nodiscard]] Duration seconds(std::string_view key) const;
    [[nodiscard]] Value get(std::string_view key) const;

    /// Says what is wrong with the key, at its place or at that of the mapping it should stand in.
    void report(std::string_view key, std::string message) const;
    void report(std::string_view key, Position at, std::string message) const;

    /// Reports required keys that are absent and keys of another destination.
    void check_presence() const;

  private:
    void check_scope(Key const& key, std::string_view name) const;

    Values const& values_;
    DiagnosticList& diagnostics_;
    std::string prefix_;         ///< "routes[0]." or empty.
    std::string schema_prefix_;  ///< "routes[]." or empty.
    Scope destination_ = Scope::any;
};

}  // namespace headrace::config
