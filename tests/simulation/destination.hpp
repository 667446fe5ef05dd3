// The destination of a world, and the network to it: it keeps what it applies, and answers late,
// wrongly, half or never, as its present mode says. It judges as a sink does. Outlives every
// process. Thread safety: not thread-safe.
#pragma once

#include "flow/verdict.hpp"
#include "simulation/history.hpp"
#include "simulation/ledger.hpp"
#include "simulation/process.hpp"
#include "simulation/settings.hpp"

#include <functional>
#include <memory>
#include <set>
#include <string_view>

namespace headrace::simulation {

class Destination {
  public:
    enum class Mode : std::uint8_t {
        healthy,
        slow,
        errors,     ///< 5xx, applied or not.
        resets,     ///< Half applied, or the answer is lost.
        hangs,      ///< Until the time-out.
        throttles,  ///< 429.
        blocks,     ///< 401.
        outage,     ///< No connection.
        misspeaks,  ///< Success that nobody understands.
        refuses,    ///< 400 although no record is at fault.
    };
    static constexpr std::size_t mode_count = 10;
    using OnAnswer = std::function<void(flow::Judgement)>;

    Destination(WorldSettings const& settings, Timeline& timeline, Chance& chance, Ledger& ledger,
                Log& log, History& history)
        : settings_(settings),
          timeline_(timeline),
          chance_(chance),
          ledger_(ledger),
          log_(log),
          history_(history) {}

    /// Sends it; the answer comes once, within http_timeout.
    void send(Request request, std::shared_ptr<Process> const& process, OnAnswer on_answer);
    /// Asks about a target.
    void ask(flow::TargetId target, std::shared_ptr<Process> const& process, OnAnswer on_answer);

    void turn(Mode mode) { mode_ = mode; }
    [[nodiscard]] Mode mode() const noexcept { return mode_; }
    void lose_target(flow::TargetId target) { missing_.insert(target); }
    void find_targets() { missing_.clear(); }
    [[nodiscard]] bool is_missing(flow::TargetId target) const { return missing_.contains(target); }

  private:
    struct Exchange {
        Request request;
        OnAnswer on_answer;
        bool is_answered = false;
    };
    using Handle = std::shared_ptr<Exchange>;

    void arrive(Handle const& exchange, std::shared_ptr<Process> const& process);
    void serve(Handle const& exchange, std::shared_ptr<Process> const& process);
    void answer(Handle const& exchange, std::shared_ptr<Process> const& process,
                flow::Judgement judgement, Duration delay);
    void apply(Handle const& exchange, std::size_t count);
    [[nodiscard]] flow::Judgement judge_faulty(Handle const& exchange);
    [[nodiscard]] bool has_flaw(Request const& request, Flaw flaw) const;
    [[nodiscard]] bool has_missing_target(Request const& request) const;

    WorldSettings const& settings_;
    Timeline& timeline_;
    Chance& chance_;
    Ledger& ledger_;
    Log& log_;
    History& history_;
    Mode mode_ = Mode::healthy;
    std::set<flow::TargetId> missing_;
};

}  // namespace headrace::simulation
