// The dead-letter topic of a world, and a member's producer to it: it refuses, fails, keeps silent
// for long, or has the letter and says that it has not. Thread safety: not thread-safe.
#pragma once

#include "flow/dead_letters.hpp"
#include "simulation/history.hpp"
#include "simulation/ledger.hpp"
#include "simulation/process.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace headrace::simulation {

/// How the topic behaves now; outlives every process.
struct DeadLetterTopic {
    bool is_unusable = false;   ///< produce() says so at once.
    double failures = 0;        ///< Share of answers that are errors.
    Duration answer_max{};      ///< The longest time to an answer.
    std::uint64_t letters = 0;  ///< Written.
};

class MemberLetters final : public flow::DeadLetters {
  public:
    struct World {
        DeadLetterTopic& topic;
        Chance& chance;
        Ledger& ledger;
        History& history;
    };
    MemberLetters(World world, std::shared_ptr<Process> process, std::function<void()> wake,
                  std::function<void()> interleave)
        : world_(world),
          process_(std::move(process)),
          wake_(std::move(wake)),
          interleave_(std::move(interleave)) {}

    [[nodiscard]] Result<void> produce(flow::Record const& record,
                                       flow::FailureReport const& report,
                                       std::uint64_t token) override;
    void serve(flow::DeadLettersListener& listener) override;
    void close(TimePoint) override {}

  private:
    struct Answer {
        std::uint64_t token = 0;
        Serial serial = 0;
        bool is_acknowledged = false;
    };

    World world_;
    std::shared_ptr<Process> process_;
    std::function<void()> wake_;
    std::function<void()> interleave_;
    std::vector<Answer> answers_;
};

}  // namespace headrace::simulation
