// A dead-letter topic in memory that can fail to start, fail later, or keep silent.
// Thread safety: not thread-safe.
#pragma once

#include "flow/dead_letters.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace headrace::fakes {

class MemoryDeadLetters final : public flow::DeadLetters {
  public:
    struct Letter {
        std::string value;
        flow::FailureReport report;
    };
    std::optional<Error> produce_error;   ///< produce() answers with it.
    std::optional<Error> delivery_error;  ///< The later answer.
    bool is_silent = false;               ///< No answers until acknowledge_all().
    std::vector<Letter> letters;          ///< Those acknowledged.

    [[nodiscard]] Result<void> produce(flow::Record const& record,
                                       flow::FailureReport const& report,
                                       std::uint64_t token) override {
        if (produce_error) return *produce_error;
        pending_.emplace_back(token, Letter{std::string(record.value.value_or("")), report});
        return {};
    }
    void serve(flow::DeadLettersListener& listener) override {
        if (is_silent) return;
        for (auto& [token, letter] : std::exchange(pending_, {})) {
            if (delivery_error) {
                listener.on_failed(token, *delivery_error);
            } else {
                letters.push_back(std::move(letter));
                listener.on_acknowledged(token);
            }
        }
    }
    void close(TimePoint) override {}

  private:
    std::vector<std::pair<std::uint64_t, Letter>> pending_;
};

}  // namespace headrace::fakes
