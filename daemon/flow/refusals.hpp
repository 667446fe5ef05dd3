// How many single records the destination refused in a row, over all lanes of a route, and what
// that says: a few are bad records, very many are a fault of the configuration, for which nothing
// may be buried. Used by the gate; the lanes hold the records. It decides nothing about requests.
// Thread safety: every method from any thread; no lock.
#pragma once

#include <atomic>
#include <cstdint>

namespace headrace::flow {

class Refusals {
  public:
    /// What becomes of a record that was refused alone.
    enum class Advice : std::uint8_t {
        bury,   ///< It is dead-lettered.
        hold,   ///< Nothing of the route was accepted yet: it waits, unsent, for what comes next.
        block,  ///< It waits too, and the route is blocked: dead_letters.in_a_row_max is reached.
    };

    /// 0: every refused record is buried.
    explicit Refusals(std::uint32_t in_a_row_max) noexcept : in_a_row_max_(in_a_row_max) {}

    [[nodiscard]] Advice on_refused() noexcept {
        if (in_a_row_max_ == 0) return Advice::bury;
        if (in_a_row_.fetch_add(1, std::memory_order_acq_rel) + 1 >= in_a_row_max_)
            return Advice::block;
        return has_accepted_.load(std::memory_order_acquire) ? Advice::bury : Advice::hold;
    }

    /// A record was accepted. Those held until now were refused for their own sake, unless the
    /// route was blocked by them: then they are tried again.
    void on_accepted(bool was_blocked) noexcept {
        if (in_a_row_.load(std::memory_order_relaxed) != 0)
            in_a_row_.store(0, std::memory_order_relaxed);
        bool const is_first = !has_accepted_.load(std::memory_order_relaxed) &&
                              !has_accepted_.exchange(true, std::memory_order_acq_rel);
        if (was_blocked) {
            retrials_.fetch_add(1, std::memory_order_acq_rel);
        } else if (is_first) {
            burials_.fetch_add(1, std::memory_order_acq_rel);
        }
    }

    /// An operator has looked at them: those held are buried, and counting begins anew.
    void resume() noexcept {
        in_a_row_.store(0, std::memory_order_relaxed);
        burials_.fetch_add(1, std::memory_order_acq_rel);
    }

    /// Changes each time that what is held is to be buried.
    [[nodiscard]] std::uint32_t burials() const noexcept {
        return burials_.load(std::memory_order_acquire);
    }
    /// Changes each time that what is held is to be tried again; goes before burials().
    [[nodiscard]] std::uint32_t retrials() const noexcept {
        return retrials_.load(std::memory_order_acquire);
    }

    /// Records that lanes hold: while there are any, only these are sent as probes.
    void hold(std::uint32_t more) noexcept { held_.fetch_add(more, std::memory_order_acq_rel); }
    void let_go(std::uint32_t less) noexcept { held_.fetch_sub(less, std::memory_order_acq_rel); }
    [[nodiscard]] std::uint32_t held() const noexcept {
        return held_.load(std::memory_order_acquire);
    }
    [[nodiscard]] std::uint32_t in_a_row_max() const noexcept { return in_a_row_max_; }

  private:
    std::uint32_t const in_a_row_max_;
    std::atomic<std::uint32_t> in_a_row_{0};
    std::atomic<std::uint32_t> burials_{0};
    std::atomic<std::uint32_t> retrials_{0};
    std::atomic<std::uint32_t> held_{0};
    std::atomic<bool> has_accepted_{false};
};

}  // namespace headrace::flow
