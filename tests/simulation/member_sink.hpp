// A lane's view of the simulated destination: where records go, which are refused before any
// request, which supersede others. The exchanges themselves are the lane shell's and the
// destination's. Thread safety: not thread-safe.
#pragma once

#include "flow/sink.hpp"
#include "simulation/ledger.hpp"
#include "simulation/settings.hpp"

#include <set>

namespace headrace::simulation {

class MemberSink final : public flow::Sink {
  public:
    MemberSink(WorldSettings const& settings, Log& log, Ledger& ledger);

    [[nodiscard]] flow::RequestShape shape() const override { return settings_.request; }
    [[nodiscard]] flow::Placement place(flow::Record const& record) override;
    [[nodiscard]] bool is_ready(flow::TargetId target) const override {
        return !unready_.contains(target);
    }
    [[nodiscard]] std::variant<flow::Inspection, flow::Refusal> inspect(
        flow::Record const& record, flow::TargetId target) override;
    [[nodiscard]] std::string target_name(flow::TargetId target) const override {
        return "target-" + std::to_string(target);
    }
    void collapse(std::span<flow::Record const> records,
                  std::vector<std::uint32_t>& effective) override;
    [[nodiscard]] boost::asio::awaitable<flow::Judgement> prepare(flow::TargetId) override;
    [[nodiscard]] boost::asio::awaitable<flow::Judgement> write(
        std::span<flow::Record const>, std::span<std::uint32_t const>) override;
    [[nodiscard]] std::size_t held_bytes() const noexcept override { return held_bytes_; }

    void hold_bytes(std::size_t more, std::size_t less) { held_bytes_ += more - less; }
    void set_ready(flow::TargetId target) { unready_.erase(target); }
    void forget(flow::TargetId target) { unready_.insert(target); }

  private:
    WorldSettings const& settings_;
    Log& log_;
    Ledger& ledger_;
    std::set<flow::TargetId> unready_;
    std::size_t held_bytes_ = 0;
};

}  // namespace headrace::simulation
