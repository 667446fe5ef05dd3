// Runs seeded worlds, several at once, and reports the first that breaks an invariant: its seed,
// the invariant, its settings, and what happened in it before.
#include "simulation/world.hpp"

#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace headrace::simulation;

struct Options {
    std::optional<std::uint64_t> seed;  ///< One world alone.
    std::uint64_t first = 1;
    std::uint64_t seeds = 1000;
    std::uint64_t seconds = 0;  ///< Stop after so long; 0: when all seeds are through.
    std::uint64_t jobs = 1;
    bool is_verbose = false;
};

constexpr std::size_t lines_shown = 80;

struct Failure {
    std::uint64_t seed = 0;
    std::string invariant;
    std::string what;
};

std::optional<Failure> run(World& world, std::uint64_t seed) {
    try {
        world.run();
        return std::nullopt;
    } catch (Violation const& violation) {
        return Failure{seed, violation.invariant(), violation.what()};
    }
}

void print_history(World const& world, std::size_t lines_max) {
    auto const& lines = world.history().lines();
    auto const first = lines.size() > lines_max ? lines.size() - lines_max : 0;
    if (first != 0) std::printf("  ... %zu events before; --verbose shows them\n", first);
    for (auto i = first; i < lines.size(); ++i) {
        std::printf("%s\n", lines[i].c_str());
    }
}

/// Runs the seed again, with lines: it happens the same way.
void explain(Failure const& failure, bool is_verbose) {
    World world(failure.seed, true);
    auto const again = run(world, failure.seed);
    std::printf("\nseed %llu breaks \"%s\": %s\n\nthe world:\n%s\nwhat happened:\n",
                static_cast<unsigned long long>(failure.seed), failure.invariant.c_str(),
                failure.what.c_str(), describe(world.settings()).c_str());
    print_history(world, is_verbose ? SIZE_MAX : lines_shown);
    std::printf("\nseed %llu breaks \"%s\": %s\n%sreplay it with: simulation --seed %llu%s\n",
                static_cast<unsigned long long>(failure.seed), failure.invariant.c_str(),
                failure.what.c_str(),
                again && again->what == failure.what ? "" : "THE SECOND RUN WENT ANOTHER WAY\n",
                static_cast<unsigned long long>(failure.seed), is_verbose ? "" : " --verbose");
}

int run_one(Options const& options) {
    World world(*options.seed, options.is_verbose);
    auto const failure = run(world, *options.seed);
    if (failure) {
        explain(*failure, options.is_verbose);
        return 1;
    }
    if (options.is_verbose) {
        std::printf("the world:\n%s\nwhat happened:\n", describe(world.settings()).c_str());
        print_history(world, SIZE_MAX);
    }
    std::printf("seed %llu: %llu events, digest %016llx, nothing broken\n",
                static_cast<unsigned long long>(*options.seed),
                static_cast<unsigned long long>(world.history().events()),
                static_cast<unsigned long long>(world.history().digest()));
    return 0;
}

class Campaign {
  public:
    explicit Campaign(Options const& options) : options_(options), next_(options.first) {}

    int run_all() {
        auto const began = std::chrono::steady_clock::now();
        std::vector<std::thread> threads;
        for (std::uint64_t i = 0; i < options_.jobs; ++i) {
            threads.emplace_back([this, began] { work(began); });
        }
        for (auto& thread : threads) {
            thread.join();
        }
        auto const took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began);
        if (failure_) explain(*failure_, options_.is_verbose);
        std::printf("simulation: %llu seeds from %llu on, %llu events in %.1f s, %s\n",
                    static_cast<unsigned long long>(done_.load()),
                    static_cast<unsigned long long>(options_.first),
                    static_cast<unsigned long long>(events_.load()), took.count(),
                    failure_ ? "an invariant is broken" : "nothing broken");
        return failure_ ? 1 : 0;
    }

  private:
    void work(std::chrono::steady_clock::time_point began) {
        auto const end = options_.first + options_.seeds;
        while (!is_over_) {
            auto const seed = next_++;
            if (seed >= end) return;
            if (options_.seconds != 0 &&
                std::chrono::steady_clock::now() - began > std::chrono::seconds(options_.seconds))
                return;
            World world(seed, false);
            auto failure = run(world, seed);
            ++done_;
            events_ += world.history().events();
            if (!failure) continue;
            std::lock_guard const lock(mutex_);
            is_over_ = true;
            if (!failure_ || failure->seed < failure_->seed) failure_ = std::move(failure);
        }
    }

    Options const options_;
    std::atomic<std::uint64_t> next_;
    std::atomic<std::uint64_t> done_{0};
    std::atomic<std::uint64_t> events_{0};
    std::atomic<bool> is_over_{false};
    std::mutex mutex_;
    std::optional<Failure> failure_;
};

std::optional<Options> parse(int count, char** arguments) {
    Options options;
    for (int i = 1; i < count; ++i) {
        std::string_view const name = arguments[i];
        if (name == "--verbose") {
            options.is_verbose = true;
            continue;
        }
        std::uint64_t value = 0;
        if (i + 1 == count) return std::nullopt;
        char const* const text = arguments[++i];
        auto const parsed = std::from_chars(text, text + std::strlen(text), value);
        if (parsed.ec != std::errc{} || *parsed.ptr != '\0') return std::nullopt;
        if (name == "--seed") {
            options.seed = value;
        } else if (name == "--seeds") {
            options.seeds = value;
        } else if (name == "--first") {
            options.first = value;
        } else if (name == "--seconds") {
            options.seconds = value;
        } else if (name == "--jobs") {
            options.jobs = value;
        } else {
            return std::nullopt;
        }
    }
    return options;
}

}  // namespace

int main(int count, char** arguments) {
    auto const options = parse(count, arguments);
    if (!options) {
        std::fputs(
            "Usage: simulation [--seed N] [--first N] [--seeds N] [--seconds S] [--jobs N] "
            "[--verbose]\n",
            stderr);
        return 64;
    }
    return options->seed ? run_one(*options) : Campaign(*options).run_all();
}
