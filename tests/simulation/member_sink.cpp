#include "simulation/member_sink.hpp"

#include "base/hash.hpp"
#include "simulation/member_source.hpp"

#include <boost/asio/awaitable.hpp>

namespace headrace::simulation {

MemberSink::MemberSink(WorldSettings const& settings, Log& log, Ledger& ledger)
    : settings_(settings), log_(log), ledger_(ledger) {
    for (flow::TargetId target = 0; settings.must_prepare && target < settings.targets; ++target) {
        unready_.insert(target);
    }
}

flow::Placement MemberSink::place(flow::Record const& record) {
    auto const serial = serial_of(record);
    auto const& truth = ledger_.record(serial);
    if (truth.flaw == Flaw::decode) {
        ledger_.refused(serial);
        return flow::Refusal{flow::Stage::decode, "invalid_json", "", "it is not JSON"};
    }
    if (!record.value && settings_.on_tombstone == OnTombstone::skip) {
        ledger_.skipped(serial);
        return flow::Skip{"tombstone"};
    }
    if (!record.value && settings_.on_tombstone == OnTombstone::refuse) {
        ledger_.refused(serial);
        return flow::Refusal{flow::Stage::decode, "tombstone", "", "it has no value"};
    }
    return truth.target;
}

std::variant<flow::Inspection, flow::Refusal> MemberSink::inspect(flow::Record const& record,
                                                                  flow::TargetId target) {
    auto const serial = serial_of(record);
    auto const& truth = ledger_.record(serial);
    if (truth.target != target) throw Violation("target", "a record has changed its target");
    if (truth.flaw == Flaw::encode) {
        ledger_.refused(serial);
        return flow::Refusal{flow::Stage::encode, "no_key", "", "it has no key"};
    }
    flow::Inspection inspection;
    inspection.encoded_bytes = record.value.value_or("").size() + record.key.value_or("").size();
    if (settings_.request.has_own_key && truth.key_number != 0) {
        auto const partition = log_.number_of(record.origin);
        inspection.order_hash = mix((std::uint64_t{partition} << 32U) + truth.key_number) | 1U;
    }
    return inspection;
}

void MemberSink::collapse(std::span<flow::Record const> records,
                          std::vector<std::uint32_t>& effective) {
    for (std::uint32_t i = 0; i < records.size(); ++i) {
        bool is_superseded = false;
        for (std::uint32_t j = i + 1; settings_.collapses && j < records.size(); ++j) {
            is_superseded = is_superseded || (records[i].order_hash != 0 &&
                                              records[i].order_hash == records[j].order_hash &&
                                              records[i].key == records[j].key);
        }
        if (!is_superseded) effective.push_back(i);
    }
}

boost::asio::awaitable<flow::Judgement> MemberSink::prepare(flow::TargetId) {
    co_return flow::Judgement{};  // The lane shell asks the destination itself.
}

boost::asio::awaitable<flow::Judgement> MemberSink::write(std::span<flow::Record const>,
                                                          std::span<std::uint32_t const>) {
    co_return flow::Judgement{};  // The lane shell sends by itself.
}

}  // namespace headrace::simulation
