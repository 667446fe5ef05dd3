#include "config/values.hpp"

#include <algorithm>
#include <utility>

namespace headrace::config {

/// Fills Values from the tree, section by section along the table of keys.
class TreeWalk {
  public:
    TreeWalk(Environment const& environment, DiagnosticList& diagnostics)
        : reader_(environment, diagnostics), diagnostics_(diagnostics) {}

    Values read(Node const& root) {
        read_section(root, "", "");
        return std::move(values_);
    }

  private:
    void read_section(Node const& node, std::string const& schema, std::string const& path) {
        values_.places_.emplace(path, node.at);
        if (node.kind == Node::Kind::null && !path.empty()) return;
        if (node.kind != Node::Kind::mapping) {
            diagnostics_.add(node.at, path,
                             "must be a mapping of keys to values, but " + kind_name(node));
            return;
        }
        auto const names = names_in(schema);
        each_entry(node, path, diagnostics_, [&](Node::Entry const& entry) {
            if (std::find(names.begin(), names.end(), entry.key) == names.end()) {
                diagnostics_.add(entry.key_at, shown_path(path, entry.key),
                                 unknown_key(entry.key, names));
                return;
            }
            read_entry(entry, child_path(schema, entry.key), child_path(path, entry.key));
        });
    }

    void read_entry(Node::Entry const& entry, std::string const& schema, std::string const& path) {
        if (auto const* const key = find_key(schema)) {
            bool const is_null = entry.value.kind == Node::Kind::null;
            values_.places_.emplace(path, is_null ? entry.key_at : entry.value.at);
            if (auto value = reader_.read(*key, entry.value, path))
                values_.values_.emplace(path, std::move(*value));
        } else if (is_section(schema)) {
            read_section(entry.value, schema, path);
        } else {
            read_list(entry.value, schema + "[]", path);
        }
    }

    void read_list(Node const& node, std::string const& schema, std::string const& path) {
        values_.places_.emplace(path, node.at);
        if (node.kind != Node::Kind::sequence) {
            diagnostics_.add(node.at, path, "must be a list (- name: …), but " + kind_name(node));
        } else if (node.items.empty()) {
            diagnostics_.add(node.at, path, "must be a list with at least one item, but is empty");
        }
        for (auto const& item : node.items) {
            read_section(item, schema, path + "[" + std::to_string(values_.routes_) + "]");
            ++values_.routes_;
        }
    }

    ValueReader reader_;
    DiagnosticList& diagnostics_;
    Values values_;
};

Value const* Values::find(std::string const& path) const {
    auto const found = values_.find(path);
    return found == values_.end() ? nullptr : &found->second;
}

Position Values::place(std::string const& path) const {
    auto at = path;
    while (true) {
        if (auto const found = places_.find(at); found != places_.end()) return found->second;
        if (at.empty()) return {};
        auto const parent = at.rfind('.');
        at = parent == std::string::npos ? std::string() : at.substr(0, parent);
    }
}

Values read_values(Node const& root, Environment const& environment, DiagnosticList& diagnostics) {
    return TreeWalk(environment, diagnostics).read(root);
}

}  // namespace headrace::config
