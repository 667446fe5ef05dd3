/// What a sink has seen of one run: which records, how often, and when. Its threads add to it, the
/// one that reads commands resets it and reports. Thread-safe.
#pragma once

#include "latency.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::bench {

inline std::uint64_t nanos_of(clockid_t clock) {
    timespec time{};
    if (clock_gettime(clock, &time) != 0) return 0;
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(time.tv_nsec);
}

/// When something happened, and how much CPU the program under test had taken by then.
struct Mark {
    std::atomic<std::uint64_t> realtime_ns{0};
    std::atomic<std::uint64_t> cpu_ns{0};

    void set(clockid_t cpu_clock) {
        cpu_ns = cpu_clock == 0 ? 0 : nanos_of(cpu_clock);
        realtime_ns = nanos_of(CLOCK_REALTIME);
    }
};

class Tally {
  public:
    explicit Tally(std::size_t threads) : latencies_(threads) {}

    /// Begins a run of `records`, numbered from 0. Unless `by_number`, records are only counted.
    /// `spacing` is the least distance of two numbers in a body. REQUIRES: no traffic.
    void reset(std::uint64_t records, bool by_number, std::size_t spacing) {
        expected_ = records;
        by_number_ = by_number;
        spacing_ = spacing;
        words_ = std::make_unique<std::atomic<std::uint64_t>[]>(records / 64 + 1);
        for (auto* count : {&requests, &records_, &bytes_, &distinct_, &refused})
            *count = 0;
        for (auto* mark : {&first_, &last_})
            mark->realtime_ns = mark->cpu_ns = 0;
        for (auto& each : latencies_)
            each->clear();
        is_begun_ = false;
    }
    /// The process whose CPU time is noted at the first request and at the last record.
    void watch(pid_t process) {
        clockid_t clock = 0;
        if (clock_getcpuclockid(process, &clock) == 0) cpu_clock_ = clock;
    }

    void begin_request() {
        if (!is_begun_.load(std::memory_order_relaxed) && !is_begun_.exchange(true))
            first_.set(cpu_clock_);
    }

    /// Reads the records of a body that is taken, to be answered at `answer_ns` (realtime).
    std::uint64_t add(std::size_t thread, std::string_view body, std::uint64_t answer_ns) {
        std::uint64_t found = 0;
        std::uint64_t fresh = 0;
        for (std::size_t at = find(body, R"("id":)", 0); at != std::string_view::npos;
             at = find(body, R"("id":)", at + spacing_)) {
            auto const id = number_at(body, at + 5);
            ++found;
            if (!by_number_ || is_new(id)) ++fresh;
            auto const time = find(body.substr(at, 64), R"("t":)", 0);
            if (time != std::string_view::npos)
                note_latency(thread, body, at + time + 4, answer_ns);
        }
        requests.fetch_add(1, std::memory_order_relaxed);
        records_.fetch_add(found, std::memory_order_relaxed);
        bytes_.fetch_add(body.size(), std::memory_order_relaxed);
        auto const before = distinct_.fetch_add(fresh);
        if (before < expected_ / 4 && before + fresh >= expected_ / 4) quarter_.set(cpu_clock_);
        if (before < expected_ && before + fresh >= expected_) last_.set(cpu_clock_);
        return found;
    }

    /// Whether the number of a record in this body is a multiple of `every`.
    [[nodiscard]] bool has_multiple(std::string_view body, std::uint64_t every) const {
        for (std::size_t at = find(body, R"("id":)", 0); at != std::string_view::npos;
             at = find(body, R"("id":)", at + spacing_)) {
            if (number_at(body, at + 5) % every == 0) return true;
        }
        return false;
    }

    [[nodiscard]] std::string report() const;

    std::atomic<std::uint64_t> requests{0};  ///< Answered with success.
    std::atomic<std::uint64_t> refused{0};   ///< Answered with something else.

  private:
    static std::size_t find(std::string_view text, std::string_view word, std::size_t from) {
        if (from >= text.size()) return std::string_view::npos;
        auto const* found =
            memmem(text.data() + from, text.size() - from, word.data(), word.size());
        if (found == nullptr) return std::string_view::npos;
        return static_cast<std::size_t>(static_cast<char const*>(found) - text.data());
    }
    static std::uint64_t number_at(std::string_view text, std::size_t at) {
        while (at < text.size() && text[at] == ' ')
            ++at;
        std::uint64_t number = 0;
        for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at)
            number = number * 10 + static_cast<std::uint64_t>(text[at] - '0');
        return number;
    }
    bool is_new(std::uint64_t id) {
        if (id >= expected_) return false;
        auto const bit = std::uint64_t{1} << (id % 64);
        return (words_[id / 64].fetch_or(bit, std::memory_order_relaxed) & bit) == 0;
    }
    void note_latency(std::size_t thread, std::string_view body, std::size_t at,
                      std::uint64_t answer_ns) {
        auto const produced = number_at(body, at);
        latencies_[thread]->add(answer_ns > produced ? (answer_ns - produced) / 1000 : 0);
    }

    struct Owned {
        std::unique_ptr<Latencies> held = std::make_unique<Latencies>();
        Latencies* operator->() const { return held.get(); }
    };

    std::uint64_t expected_ = 0;
    bool by_number_ = true;
    std::size_t spacing_ = 1;
    std::unique_ptr<std::atomic<std::uint64_t>[]> words_;
    std::atomic<std::uint64_t> records_{0};
    std::atomic<std::uint64_t> bytes_{0};
    std::atomic<std::uint64_t> distinct_{0};
    std::atomic<bool> is_begun_{false};
    std::atomic<clockid_t> cpu_clock_{0};
    Mark first_;
    Mark quarter_;  ///< Of the records.
    Mark last_;
    std::vector<Owned> latencies_;
};

inline std::string Tally::report() const {
    std::vector<std::uint64_t> counts(Latencies::size);
    std::uint64_t total = 0;
    for (std::size_t at = 0; at < Latencies::size; ++at) {
        for (auto const& each : latencies_)
            counts[at] += each->count_at(at);
        total += counts[at];
    }
    auto const quantile = [&](double share) {
        auto left = static_cast<double>(total) * share;
        for (std::size_t at = 0; at < Latencies::size; ++at) {
            left -= static_cast<double>(counts[at]);
            if (left <= 0 && total > 0) return Latencies::micros_at(at) / 1000;
        }
        return 0.0;
    };
    std::string out = "{";
    auto const put = [&](char const* name, auto value) {
        out += (out.size() > 1 ? ",\"" : "\"") + std::string(name) + "\":" + std::to_string(value);
    };
    put("requests", requests.load());
    put("refused", refused.load());
    put("records", records_.load());
    put("distinct", distinct_.load());
    put("bytes", bytes_.load());
    put("first_ns", first_.realtime_ns.load());
    put("first_cpu_ns", first_.cpu_ns.load());
    put("quarter_ns", quarter_.realtime_ns.load());
    put("quarter_cpu_ns", quarter_.cpu_ns.load());
    put("last_ns", last_.realtime_ns.load());
    put("last_cpu_ns", last_.cpu_ns.load());
    put("p50_ms", quantile(0.5));
    put("p99_ms", quantile(0.99));
    put("p999_ms", quantile(0.999));
    return out + "}";
}

}  // namespace headrace::bench
