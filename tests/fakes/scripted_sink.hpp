// A destination that decides nothing by itself: names come from the record's topic, sizes from its
// value, and answers from the test. Values with special meaning: "bad" is refused at decode; a
// topic in `unready` must be prepared first. Thread safety: not thread-safe.
#pragma once

#include "flow/sink.hpp"

#include <boost/asio/awaitable.hpp>

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace headrace::fakes {

class ScriptedSink final : public flow::Sink {
  public:
    flow::RequestShape wanted_shape{
        .targets_max = 16, .envelope_bytes = 0, .has_own_key = false, .has_one_name = false};
    bool target_by_value = false;         ///< The value names the target, instead of the topic.
    bool collapses = false;               ///< Equal values supersede each other, as equal keys do.
    std::set<std::string> unready;        ///< Topics whose target must be prepared.
    std::deque<flow::Judgement> answers;  ///< For write(), in order; delivered when empty.
    std::vector<std::vector<std::string>> written;  ///< Values of each write().
    std::vector<std::string> prepared;

    [[nodiscard]] flow::RequestShape shape() const override { return wanted_shape; }

    [[nodiscard]] flow::Placement place(flow::Record const& record) override {
        if (!record.value) return flow::Skip{"tombstone"};
        if (*record.value == "bad") {
            return flow::Refusal{flow::Stage::decode, "invalid_json", "", "it is bad"};
        }
        return target_of(target_by_value ? std::string(*record.value) : record.origin->topic);
    }
    [[nodiscard]] bool is_ready(flow::TargetId target) const override {
        return !unready.contains(names_[target]);
    }
    [[nodiscard]] std::variant<flow::Inspection, flow::Refusal> inspect(flow::Record const& record,
                                                                        flow::TargetId) override {
        if (*record.value == "unfit") {
            return flow::Refusal{flow::Stage::encode, "no_key", "", "it has no key"};
        }
        return flow::Inspection{
            .order_hash = 0, .sink_word = 0, .encoded_bytes = record.value->size()};
    }
    [[nodiscard]] std::string target_name(flow::TargetId target) const override {
        return names_[target];
    }
    void collapse(std::span<flow::Record const> records,
                  std::vector<std::uint32_t>& effective) override {
        for (std::uint32_t i = 0; i < records.size(); ++i) {
            bool is_superseded = false;
            for (std::uint32_t j = i + 1; collapses && j < records.size(); ++j) {
                is_superseded = is_superseded || records[i].key == records[j].key;
            }
            if (!is_superseded) effective.push_back(i);
        }
    }
    [[nodiscard]] boost::asio::awaitable<flow::Judgement> prepare(flow::TargetId target) override {
        prepared.push_back(names_[target]);
        unready.erase(names_[target]);
        co_return flow::Judgement{.verdict = flow::Verdict::delivered};
    }
    [[nodiscard]] boost::asio::awaitable<flow::Judgement> write(
        std::span<flow::Record const> records, std::span<std::uint32_t const> effective) override {
        auto& values = written.emplace_back();
        for (auto const index : effective) {
            values.emplace_back(*records[index].value);
        }
        if (answers.empty()) co_return flow::Judgement{.verdict = flow::Verdict::delivered};
        auto answer = std::move(answers.front());
        answers.pop_front();
        co_return answer;
    }
    [[nodiscard]] std::size_t held_bytes() const noexcept override { return 0; }

    flow::TargetId target_of(std::string const& topic) {
        for (flow::TargetId i = 0; i < names_.size(); ++i) {
            if (names_[i] == topic) return i;
        }
        names_.push_back(topic);
        return static_cast<flow::TargetId>(names_.size() - 1);
    }

  private:
    std::vector<std::string> names_;
};

}  // namespace headrace::fakes
