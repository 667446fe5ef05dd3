// An environment of variables and files that a test fills, and short ways to load a configuration
// with it. Thread safety: fill it before it is shared; `files` may be changed under `mutex`.
#pragma once

#include "config/load.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::config {

struct FakeEnvironment {
    struct State {
        std::mutex mutex;
        std::map<std::string, std::string> variables;
        std::map<std::string, std::string> files;
        std::string tls_error;
    };
    std::shared_ptr<State> state = std::make_shared<State>();

    void set(std::string const& name, std::string const& value) { state->variables[name] = value; }
    void write(std::string const& path, std::string const& content) {
        std::lock_guard const lock(state->mutex);
        state->files[path] = content;
    }
    void remove(std::string const& path) {
        std::lock_guard const lock(state->mutex);
        state->files.erase(path);
    }

    [[nodiscard]] Environment get() const {
        return {[state = state](std::string const& name) -> std::optional<std::string> {
                    auto const found = state->variables.find(name);
                    if (found == state->variables.end()) return std::nullopt;
                    return found->second;
                },
                [state = state](std::string const& path) -> Result<std::string> {
                    std::lock_guard const lock(state->mutex);
                    auto const found = state->files.find(path);
                    if (found == state->files.end()) {
                        return Error{ErrorCode::not_found, "No such file or directory"};
                    }
                    return found->second;
                },
                [state = state](http::TlsSettings const&) -> Result<void> {
                    if (state->tls_error.empty()) return {};
                    return Error{ErrorCode::not_found, state->tls_error};
                },
                [state = state](std::string const& path) {
                    std::lock_guard const lock(state->mutex);
                    auto const found = state->files.find(path);
                    return found == state->files.end() ? "absent" : "is " + found->second;
                }};
    }
};

/// The configuration's errors as lines; empty when it is good.
inline std::vector<std::string> errors_of(std::string_view text,
                                          FakeEnvironment const& environment = {}) {
    std::vector<std::string> lines;
    auto const loaded = load_text(text, "f", environment.get());
    if (auto const* const diagnostics = std::get_if<std::vector<Diagnostic>>(&loaded)) {
        for (auto const& diagnostic : *diagnostics)
            lines.push_back(diagnostic.text());
    }
    return lines;
}

/// All errors in one text, for messages of failed checks.
inline std::string joined(std::vector<std::string> const& lines) {
    std::string text;
    for (auto const& line : lines)
        text += line + "\n";
    return text;
}

/// The configuration, which must be good: else it throws with its errors.
inline Config good_config(std::string_view text, FakeEnvironment const& environment = {}) {
    auto loaded = load_text(text, "f", environment.get());
    if (auto* const config = std::get_if<Config>(&loaded)) return std::move(*config);
    throw std::runtime_error(joined(errors_of(text, environment)));
}

/// A small Tecton configuration with `more` lines in its route (indented by four) .
inline std::string tecton_text(std::string_view more = {}) {
    return "kafka: {bootstrap_servers: 'localhost:9092'}\n"
           "routes:\n"
           "  - name: clicks\n"
           "    source: {topics: [clicks]}\n"
           "    destination: {type: tecton, instance: acme.tecton.ai, api_key: k, workspace_name: "
           "prod, stream_source_name: clicks}\n" +
           std::string(more);
}

/// The same for Milvus.
inline std::string milvus_text(std::string_view more = {}) {
    return "kafka: {bootstrap_servers: 'localhost:9092'}\n"
           "routes:\n"
           "  - name: docs\n"
           "    source: {topics: [docs]}\n"
           "    destination: {type: milvus, url: 'http://localhost:19530', collection: docs}\n" +
           std::string(more);
}

}  // namespace headrace::config
