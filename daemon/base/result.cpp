#include "base/result.hpp"

namespace headrace {

std::string_view to_string(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::invalid_config: return "invalid_config";
        case ErrorCode::invalid_argument: return "invalid_argument";
        case ErrorCode::invalid_record: return "invalid_record";
        case ErrorCode::not_found: return "not_found";
        case ErrorCode::permission: return "permission";
        case ErrorCode::connection: return "connection";
        case ErrorCode::timeout: return "timeout";
        case ErrorCode::tls: return "tls";
        case ErrorCode::too_large: return "too_large";
        case ErrorCode::bad_response: return "bad_response";
        case ErrorCode::kafka: return "kafka";
        case ErrorCode::io: return "io";
    }
    return "unknown";
}

}  // namespace headrace
