#include "emulator/fault_answers.hpp"

#include "emulator/json_text.hpp"

#include <algorithm>

namespace headrace::emulator {
namespace {

/// gRPC's code for an HTTP status, as grpc-gateway maps them.
int grpc_code(int status) {
    switch (status) {
        case 400:
            return 3;
        case 401:
            return 16;
        case 403:
            return 7;
        case 404:
            return 5;
        case 408:
            return 1;
        case 429:
            return 8;
        case 501:
            return 12;
        case 503:
            return 14;
        case 504:
            return 4;
        default:
            return 2;
    }
}

std::string grpc_body(int status) {
    std::string const text = "status " + std::to_string(status);
    JsonText json;
    json.open('{').key("error").string(text).key("code").number(grpc_code(status));
    json.key("message").string(text).close('}');
    return json.take();
}

}  // namespace

http::ServerResponse status_answer(Fault const& fault, std::string own, WallTime now) {
    http::ServerResponse answer;
    answer.status = fault.status;
    std::string const number = std::to_string(fault.status);
    switch (fault.body) {
        case BodyForm::json:
            answer.body = std::move(own);
            break;
        case BodyForm::grpc:
            answer.body = grpc_body(fault.status);
            break;
        case BodyForm::none:
            answer.content_type.clear();
            break;
        case BodyForm::html:
            answer.content_type = "text/html";
            answer.body = "<html><head><title>" + number + "</title></head><body><h1>" + number +
                          "</h1><hr>gateway</body></html>";
            break;
        case BodyForm::text:
            answer.content_type = "text/plain";
            answer.body = fault.message.empty() ? "error " + number : fault.message;
            break;
    }
    if (auto value = retry_after_value(fault, now)) {
        answer.headers.emplace_back("Retry-After", std::move(*value));
    }
    return answer;
}

http::ServerResponse goaway_answer() {
    http::ServerResponse answer;
    answer.status = 502;
    answer.content_type = "text/plain";
    answer.body = "upstream connect error or disconnect/reset before headers: received GOAWAY";
    answer.delivery = http::Delivery::close_after;
    return answer;
}

bool keeps_answer(FaultKind kind) noexcept {
    switch (kind) {
        case FaultKind::truncated:
        case FaultKind::close_after:
        case FaultKind::chunked:
        case FaultKind::byte_by_byte:
        case FaultKind::broken_body:
        case FaultKind::wrong_count:
        case FaultKind::success_200:
            return true;
        default:
            return false;
    }
}

void spoil(Reply& reply, Fault const& fault) {
    auto& answer = reply.response;
    switch (fault.kind) {
        case FaultKind::truncated:
            answer.delivery = http::Delivery::truncated;
            break;
        case FaultKind::close_after:
            answer.delivery = http::Delivery::close_after;
            break;
        case FaultKind::chunked:
            answer.delivery = http::Delivery::chunked;
            break;
        case FaultKind::byte_by_byte:
            answer.delivery = http::Delivery::byte_by_byte;
            break;
        case FaultKind::broken_body:
            answer.body.resize(answer.body.size() / 2);
            break;
        case FaultKind::reset:
            answer.delivery = http::Delivery::reset;
            break;
        case FaultKind::stall:
            answer.delivery = http::Delivery::reset;
            reply.wait = std::min<Duration>(std::chrono::milliseconds(fault.wait_ms), stall_max);
            break;
        default:
            break;
    }
}

}  // namespace headrace::emulator
