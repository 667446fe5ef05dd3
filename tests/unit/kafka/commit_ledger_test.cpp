#include "kafka/commit_ledger.hpp"

#include "silent_listener.hpp"

#include <catch2/catch_test_macros.hpp>

#include <tuple>
#include <utility>
#include <vector>

namespace headrace::kafka {
namespace {

struct Listener final : SilentListener {
    void on_committed(std::span<flow::CommitPoint const> points,
                      Result<void> const& result) override {
        told.emplace_back(points.front().offset, result.has_value());
    }
    std::vector<std::pair<flow::Offset, bool>> told;
};

TEST_CASE("answers that come in another order are told in the order of the commits") {
    CommitLedger ledger;
    Listener listener;
    std::vector<flow::CommitPoint> const first{{nullptr, 1}};
    std::vector<flow::CommitPoint> const second{{nullptr, 2}};
    auto const one = ledger.open(first);
    auto const two = ledger.open(second);
    CHECK(one != 0);
    ledger.answer(two, {});
    ledger.tell(listener);
    CHECK(listener.told.empty());
    ledger.answer(one, Error{ErrorCode::kafka, "no"});
    ledger.answer(one, {});
    ledger.answer(99, {});
    ledger.tell(listener);
    CHECK(listener.told == std::vector<std::pair<flow::Offset, bool>>{{1, false}, {2, true}});
    CHECK(ledger.open_count() == 0);
}

TEST_CASE("a client that is gone answers every open commit with an error") {
    CommitLedger ledger;
    Listener listener;
    std::vector<flow::CommitPoint> const points{{nullptr, 1}};
    auto const one = ledger.open(points);
    std::ignore = ledger.open(points);
    ledger.answer(one, {});
    ledger.answer_all({ErrorCode::kafka, "gone"});
    ledger.tell(listener);
    CHECK(listener.told == std::vector<std::pair<flow::Offset, bool>>{{1, true}, {1, false}});
}

}  // namespace
}  // namespace headrace::kafka
