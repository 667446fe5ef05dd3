// What happened in a world: a digest of all of it, always, and readable lines when they are wanted.
// Text is made only when it is kept, so that a campaign of thousands of worlds pays for the digest
// alone; a world that failed is run again with lines. Thread safety: not thread-safe.
#pragma once

#include "base/hash.hpp"
#include "simulation/timeline.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::simulation {

/// An invariant is broken. Ends the world.
class Violation : public std::runtime_error {
  public:
    Violation(std::string_view invariant, std::string const& what)
        : std::runtime_error(what), invariant_(invariant) {}
    [[nodiscard]] std::string const& invariant() const noexcept { return invariant_; }

  private:
    std::string invariant_;
};

class History {
  public:
    History(Timeline const& timeline, bool keeps_lines)
        : timeline_(timeline), keeps_lines_(keeps_lines) {}

    /// Notes an event by two numbers that tell it from others, and by `make()`, its text.
    template <class Make>
    void note(std::uint64_t what, std::uint64_t which, Make const& make) {
        auto const time = static_cast<std::uint64_t>(timeline_.elapsed().count());
        digest_ = mix(digest_ ^ mix(time ^ mix(what ^ mix(which))));
        ++events_;
        if (keeps_lines_) keep(make());
    }

    /// Equal for two runs of one seed.
    [[nodiscard]] std::uint64_t digest() const noexcept { return digest_; }
    [[nodiscard]] std::uint64_t events() const noexcept { return events_; }
    [[nodiscard]] std::vector<std::string> const& lines() const noexcept { return lines_; }
    [[nodiscard]] bool keeps_lines() const noexcept { return keeps_lines_; }

  private:
    void keep(std::string const& text);

    Timeline const& timeline_;
    bool const keeps_lines_;
    std::uint64_t digest_ = 0;
    std::uint64_t events_ = 0;
    std::vector<std::string> lines_;
};

}  // namespace headrace::simulation
