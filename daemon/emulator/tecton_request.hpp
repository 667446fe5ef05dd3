// The envelope of Tecton's ingest API, both key styles, and the error bodies. Pure; whether the
// records fit is tecton_schema's. Thread safety: free functions without state.
#pragma once

#include "emulator/json_tree.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::emulator {

enum class KeyStyle : std::uint8_t {
    snake,   ///< `workspace_name`, on /ingest.
    camel,   ///< `workspaceName`, on /v2/ingest.
    either,  ///< A switch.
};

struct IngestPart {
    std::string source;
    JsonNode records;  ///< An array, not empty, of objects with the one key `record`.
};

struct IngestRequest {
    std::string workspace;
    bool dry_run = false;
    std::vector<IngestPart> parts;
    std::size_t records = 0;
};

/// Reads the envelope. The error's message is fit for `errorMessage`.
[[nodiscard]] Result<IngestRequest> read_ingest(JsonNode root, KeyStyle style);

/// The stream sources that a body names, for fault rules, even if the rest of it is wrong.
[[nodiscard]] std::vector<std::string> named_sources(JsonNode root);

/// `{"requestError":{"errorMessage":...,"errorType":"RequestValidationError"}}`
[[nodiscard]] std::string request_error(std::string_view message);

struct RecordError {
    std::string view;
    std::string source;
    std::string message;
};

/// `{"workspaceName":...,"recordErrors":[...]}`
[[nodiscard]] std::string record_errors(std::string_view workspace,
                                        std::vector<RecordError> const& errors);

}  // namespace headrace::emulator
