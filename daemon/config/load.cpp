#include "config/load.hpp"

#include "config/build.hpp"
#include "config/document.hpp"
#include "config/values.hpp"

#include <optional>

namespace headrace::config {
namespace {

std::optional<Config> build(std::string_view text, Environment const& environment,
                            DiagnosticList& diagnostics) {
    auto const root = parse_document(text, diagnostics);
    if (!root) return std::nullopt;
    auto const values = read_values(*root, environment, diagnostics);
    if (values.routes() > routes_max) {
        diagnostics.add(values.place("routes"), "routes",
                        "has " + std::to_string(values.routes()) + " items; at most " +
                            std::to_string(routes_max) + " are allowed");
        return std::nullopt;
    }
    return build_config({values, environment, diagnostics});
}

}  // namespace

Loaded load_file(std::string const& path, Environment const& environment) {
    auto const text = read_small_file(path, file_bytes_max);
    if (text) return load_text(*text, path, environment);
    DiagnosticList diagnostics(path);
    diagnostics.add({}, {}, "the configuration cannot be read: " + text.error().message);
    return diagnostics.take();
}

Loaded load_text(std::string_view text, std::string const& name, Environment const& environment) {
    DiagnosticList diagnostics(name);
    auto config = build(text, environment, diagnostics);
    if (!config || !diagnostics.is_empty()) return diagnostics.take();
    return std::move(*config);
}

}  // namespace headrace::config
