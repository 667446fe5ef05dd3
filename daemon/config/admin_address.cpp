#include "config/admin_address.hpp"

#include "config/document.hpp"
#include "config/interpolation.hpp"
#include "config/listen_address.hpp"

#include <algorithm>

namespace headrace::config {
namespace {

/// The value of `name` in a mapping; null if there is none.
Node const* find(Node const& mapping, std::string_view name) {
    auto const found = std::ranges::find(mapping.entries, name, &Node::Entry::key);
    return found == mapping.entries.end() ? nullptr : &found->value;
}

}  // namespace

Result<ops::AdminSettings> admin_address(std::string_view text, Environment const& environment) {
    DiagnosticList diagnostics("the file");
    auto const root = parse_document(text, diagnostics);
    if (!root) {
        return Error{ErrorCode::invalid_config, diagnostics.take().front().text()};
    }
    auto const* const admin = find(*root, "admin");
    auto const* const listen = admin == nullptr ? nullptr : find(*admin, "listen");
    if (listen == nullptr) return ops::AdminSettings{};
    auto const parts = parse_template(listen->text, environment);
    if (!parts) return parts.error().with_prefix("admin.listen ");
    auto const value = render(*parts, environment);
    if (!value) return value.error().with_prefix("admin.listen ");
    auto settings = parse_listen_address(*value);
    if (!settings) return settings.error().with_prefix("admin.listen ");
    return settings;
}

Result<ops::AdminSettings> read_admin_address(std::string const& path,
                                              Environment const& environment) {
    auto const text = read_small_file(path, file_bytes_max);
    if (!text) return text.error();
    return admin_address(*text, environment);
}

}  // namespace headrace::config
