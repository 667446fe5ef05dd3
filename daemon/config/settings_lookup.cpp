#include "config/settings_lookup.hpp"

#include <cassert>
#include <chrono>
#include <utility>

namespace headrace::config {

SettingsLookup::SettingsLookup(Values const& values, DiagnosticList& diagnostics, std::size_t route,
                               Scope destination)
    : values_(values),
      diagnostics_(diagnostics),
      prefix_("routes[" + std::to_string(route) + "]."),
      schema_prefix_("routes[]."),
      destination_(destination) {}

Value SettingsLookup::get(std::string_view key) const {
    if (auto const* const found = find(key)) return *found;
    auto const* const row = find_key(schema_prefix_ + std::string(key));
    assert(row != nullptr);
    bool const is_milvus = destination_ == Scope::milvus && !row->milvus_preset.empty();
    return preset_value(*row, is_milvus ? row->milvus_preset : row->preset);
}

std::size_t SettingsLookup::count(std::string_view key) const {
    return static_cast<std::size_t>(get(key).number.value_or(0));
}

Duration SettingsLookup::milliseconds(std::string_view key) const {
    return std::chrono::milliseconds(static_cast<std::int64_t>(get(key).number.value_or(0)));
}

Duration SettingsLookup::seconds(std::string_view key) const {
    // Rounded, so that what print writes reads back as the same.
    return std::chrono::round<Duration>(std::chrono::duration<double>(get(key).number.value_or(0)));
}

void SettingsLookup::report(std::string_view key, std::string message) const {
    report(key, values_.place(path(key)), std::move(message));
}

void SettingsLookup::report(std::string_view key, Position at, std::string message) const {
    diagnostics_.add(at, path(key), std::move(message));
}

void SettingsLookup::check_presence() const {
    for (auto const& key : all_keys()) {
        if (!key.path.starts_with(schema_prefix_)) continue;
        auto const name = key.path.substr(schema_prefix_.size());
        if (is_set(name)) {
            check_scope(key, name);
        } else if (key.is_required && (key.scope == Scope::any || key.scope == destination_)) {
            report(name, "is required: " + std::string(key.meaning));
        }
    }
}

void SettingsLookup::check_scope(Key const& key, std::string_view name) const {
    if (key.scope == Scope::any || destination_ == Scope::any || key.scope == destination_) return;
    std::string_view const owner = key.scope == Scope::tecton ? "tecton" : "milvus";
    std::string_view const present = destination_ == Scope::tecton ? "tecton" : "milvus";
    report(name, "is only for destination.type " + std::string(owner) + ", but this one is " +
                     std::string(present));
}

}  // namespace headrace::config
