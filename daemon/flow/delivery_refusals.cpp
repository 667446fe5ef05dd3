// The part of delivery that holds records which were refused alone, while that may be the fault of
// the configuration and not theirs.
#include "flow/delivery.hpp"

#include <utility>

namespace headrace::flow {

void Delivery::hold_refused(std::unique_ptr<Batch> batch, Now now) {
    auto apart = set_apart(*batch, std::nullopt, now);
    go_on_if_any(std::move(batch), now);
    for (auto& part : apart->parts) {
        for (auto& record : part.records) {
            record.detach();
        }
    }
    report_(Severity::warning, "refused_held",
            "a record was refused and waits, because it may be the configuration's fault, " +
                describe(apart->part().last));
    refused_.push_back(std::move(apart));
    gate_.refusals().hold(1);
}

/// The one that waits longest, to be sent. REQUIRES: there is one.
std::unique_ptr<Batch> Delivery::take_refused() {
    auto batch = std::move(refused_.front());
    refused_.pop_front();
    gate_.refusals().let_go(1);
    return batch;
}

/// Does with the records held what the gate has decided since the last time.
void Delivery::decide_refused(Now now) {
    auto const retrials = gate_.refusals().retrials();
    auto const burials = gate_.refusals().burials();
    bool const are_tried = std::exchange(retrials_seen_, retrials) != retrials;
    bool const are_buried = std::exchange(burials_seen_, burials) != burials;
    if (refused_.empty() || (!are_tried && !are_buried)) return;
    for (auto count = refused_.size(); count != 0; --count) {
        auto batch = take_refused();
        if (are_tried) {
            go_on(std::move(batch), now);
            continue;
        }
        batch->effective.clear();
        sink_.collapse(batch->part().records, batch->effective);
        bury_alone(std::move(batch), "rejected", now);
    }
}

/// Takes out what is unwanted. A batch that has changed is no longer what was refused: it is sent
/// again.
void Delivery::give_back_refused(std::vector<Record>& out, Now now) {
    for (auto count = refused_.size(); count != 0; --count) {
        auto batch = take_refused();
        auto const parts = batch->parts.size();
        auto const records = batch->part().records.size();
        if (return_unwanted(*batch, out)) {
            retire(*batch, now.wall);
            continue;
        }
        if (batch->parts.size() != parts || batch->part().records.size() != records) {
            go_on(std::move(batch), now);
            continue;
        }
        refused_.push_back(std::move(batch));
        gate_.refusals().hold(1);
    }
}

}  // namespace headrace::flow
