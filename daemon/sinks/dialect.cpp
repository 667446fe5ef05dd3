#include "sinks/dialect.hpp"

#include "sinks/judgements.hpp"

namespace headrace::sinks {

void Dialect::collapse(std::span<flow::Record const> records,
                       std::vector<std::uint32_t>& effective) {
    for (std::uint32_t i = 0; i < records.size(); ++i) {
        effective.push_back(i);
    }
}

bool Dialect::is_ready(flow::TargetId /*target*/) const {
    return true;
}

bool Dialect::encode_preparation(flow::TargetId /*target*/, EncodedRequest& /*out*/) {
    return false;
}

flow::Judgement Dialect::judge_preparation(flow::TargetId /*target*/,
                                           http::Response const& /*answer*/) {
    return judge_delivered();
}

}  // namespace headrace::sinks
