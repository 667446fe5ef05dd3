// Records on their way to the dead-letter topic: started, acknowledged, or waiting because the
// topic cannot be used, which stops the route. Used by the intake, which settles what is
// acknowledged. Thread safety: not thread-safe; lives on the consumer thread.
#pragma once

#include "base/clock.hpp"
#include "flow/dead_letters.hpp"
#include "flow/lane_link.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace headrace::flow {

class Burials {
  public:
    /// `dead_letters` is null for a route without a dead-letter topic. `retry` is how long a
    /// stopped route waits before it tries again.
    Burials(DeadLetters* dead_letters, Duration retry);

    /// Takes a record over and starts to write its dead letter.
    void add(std::unique_ptr<Burial> burial, TimePoint now);

    /// Starts again what failed, once it is due.
    void retry_due(TimePoint now);
    /// Makes them due at once: an operator says that the cause is mended.
    void retry_now() noexcept { retry_at_ = {}; }

    /// The topic has it: the burial, to be settled. Null for a token that was dropped.
    [[nodiscard]] std::unique_ptr<Burial> acknowledge(std::uint64_t token);
    void fail(std::uint64_t token, Error const& error, TimePoint now);

    /// Takes out the burials for which `predicate` holds: their partition is gone, or nothing will
    /// be started any more.
    [[nodiscard]] std::vector<std::unique_ptr<Burial>> take_if(
        std::function<bool(Burial const&, bool is_started)> const& predicate);

    /// The burial of that record; null if there is none.
    [[nodiscard]] Burial const* find(std::uint32_t slot, Offset offset) const;

    /// Why the route is stopped; nothing if it is not.
    [[nodiscard]] std::optional<std::string> const& stopped() const noexcept { return stopped_; }
    [[nodiscard]] std::optional<TimePoint> next_retry() const noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return burials_.size(); }

  private:
    struct Entry {
        std::unique_ptr<Burial> burial;
        bool is_started = false;
    };
    void start(std::uint64_t token, Entry& entry, TimePoint now);
    void stop(Burial const& burial, std::string const& reason, TimePoint now);
    void note_progress();

    DeadLetters* dead_letters_;
    Duration retry_;
    std::map<std::uint64_t, Entry> burials_;
    std::uint64_t next_token_ = 1;
    std::size_t waiting_ = 0;  ///< Of burials_, those not started.
    TimePoint retry_at_{};
    std::optional<std::string> stopped_;
};

}  // namespace headrace::flow
