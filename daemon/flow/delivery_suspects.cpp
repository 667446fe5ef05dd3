// The part of delivery that finds a record which makes the destination fail: evidence is gathered
// from what is written beside it, the batch is halved, and alone and proven it is given up.
#include "flow/delivery.hpp"

#include <algorithm>
#include <cassert>

namespace headrace::flow {
namespace {

/// After each of so many failures in a row something else must have been written.
constexpr unsigned witnessed_min = 3;

/// Failures that may be a record's fault. Of those that are not, none speaks for it either.
bool may_be_records_fault(FailureReason reason) {
    return reason != FailureReason::throttled && reason != FailureReason::connection &&
           reason != FailureReason::tls;
}

}  // namespace

Delivery::TargetWritten& Delivery::written_of(TargetId target) {
    if (target >= written_.size()) written_.resize(target + 1);
    auto& written = written_[target];
    if (written.source == nullptr) {
        auto const names = sink_.names_of(target);
        written.source = &gate_.sources().find(names.source);
        written.place = &gate_.places().find(names.place);
    }
    return written;
}

/// Notes the different targets of the present part's records.
void Delivery::note_addressed(Batch& batch) const {
    auto& addressed = batch.addressed;
    auto const& records = batch.part().records;
    addressed.assign(1, records.front().target);
    if (shape_.targets_max == 1) return;
    for (auto const& record : records) {
        if (std::find(addressed.begin(), addressed.end(), record.target) == addressed.end())
            addressed.push_back(record.target);
    }
}

/// Requests written to the targets that are noted, by all lanes.
std::uint64_t Delivery::written_beside(Batch const& batch) {
    std::uint64_t sum = 0;
    for (auto const target : batch.addressed) {
        sum += written_of(target).source->requests();
    }
    return sum;
}

void Delivery::note_written(Batch const& batch) {
    for (auto const target : batch.addressed) {
        auto& written = written_of(target);
        gate_.sources().add(*written.source);
        gate_.places().add(*written.place);
    }
}

void Delivery::note_suspicion(Batch& batch, Now now) {
    Part& part = batch.part();
    auto& marks = part.suspect;
    if (!may_be_records_fault(part.last.reason)) return;
    // Some of what was sent may be gone.
    note_addressed(batch);
    auto const written = written_beside(batch);
    ++marks.failures;
    if (batch.effective.size() == 1) {
        bool const is_first = marks.failures_alone++ == 0;
        if (is_first) marks.alone_since = now.time;
        bool const is_witnessed = !is_first && written > marks.written_at_failure;
        marks.witnessed = is_witnessed ? marks.witnessed + 1 : 0;
    }
    marks.written_at_failure = written;
    bool const is_suspect =
        marks.failures > settings_.max_retries && written > marks.written_before.value_or(written);
    if (!is_suspect || batch.is_suspect) return;
    batch.is_suspect = true;
    gate_.on_suspect(now.wall, std::to_string(part.records.size()) + " records to " +
                                   sink_.target_name(part.records.front().target) + " fail with " +
                                   describe(part.last) + " while others are written");
}

void Delivery::clear_suspicion(Batch& batch, WallTime wall) {
    if (std::exchange(batch.is_suspect, false)) gate_.on_suspect_gone(wall);
}

/// Whether the record that stands alone in the present part is to be given up. REQUIRES: the part
/// was collapsed into batch.effective, and its targets are noted.
bool Delivery::is_proven(Batch const& batch, Now now) {
    auto const& marks = batch.part().suspect;
    if (settings_.suspect_after == 0 || !settings_.buries_suspects) return false;
    if (batch.effective.size() != 1 || marks.failures_alone < settings_.suspect_after) return false;
    if (now.time - marks.alone_since < settings_.suspect_time) return false;
    // The last one of them is the present one.
    return marks.witnessed + 1 >= witnessed_min && written_beside(batch) > marks.written_at_failure;
}

/// Lets the halves go their own ways, so that the innocent one need not wait for the other.
void Delivery::halve_suspect(std::unique_ptr<Batch> batch, Now now) {
    retire(*batch, now.wall);
    halve(*batch);
    auto first = set_apart(*batch, std::nullopt, now);
    go_on(std::move(first), now);
    go_on_if_any(std::move(batch), now);
}

}  // namespace headrace::flow
