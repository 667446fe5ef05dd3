// A discrete-event model of a destination and of lanes that always (or at a rate) have something to
// send through a gate, in virtual time: what the concurrency limit does to throughput. The model is
// of what stands behind an address: distance, workers with a queue, what it refuses, and noise.
// Thread safety: one thread.
#pragma once

#include "base/random.hpp"
#include "flow/gate.hpp"

#include <cmath>
#include <cstdint>
#include <deque>
#include <limits>
#include <queue>
#include <tuple>

namespace headrace::flow_test {

using namespace std::chrono_literals;

/// How a destination is at one time.
struct Behaviour {
    Duration distance = 1ms;    ///< There and back, with nothing in between.
    Duration service = 0ms;     ///< What a request costs a worker, on average.
    std::uint32_t workers = 0;  ///< 0: as many as requests.
    double degrades = 0;        ///< Services take (in flight ÷ workers) to this power longer.
    double jitter = 0;          ///< Of distance and service: 0 none, 1 exponential, more: heavier.
    std::uint32_t bears = 0;    ///< More in flight are refused at once; 0: any.
    double per_sec = 0;         ///< More a second are refused at once; 0: any.
    bool refuses_with_503 = false;  ///< Else with 429.
    double fails = 0;               ///< This share is answered 503 whatever happens.
};

/// How much there is to send.
struct Load {
    double per_sec = 0;  ///< Requests that become due, at random; 0: there is always one.
};

class DestinationModel {
  public:
    DestinationModel(flow::GateSettings settings, std::uint64_t seed)
        : random_(seed), gate_(settings, WallTime{}) {}

    [[nodiscard]] flow::Gate& gate() noexcept { return gate_; }
    [[nodiscard]] TimePoint now() const noexcept { return now_; }

    void behave(Behaviour const& behaviour) { behaviour_ = behaviour; }
    void load(Load const& load) {
        load_ = load;
        due_ = 0;
        if (load_.per_sec > 0) at(now_ + arrival(), What::arrival);
    }

    struct Measured {
        double per_sec = 0;       ///< Requests written.
        double latency_secs = 0;  ///< On average.
        double limit = 0;         ///< On average over time.
        std::uint32_t limit_min = 0;
        std::uint32_t limit_max = 0;
        double throttled = 0;  ///< Answers of 429.
    };
    /// Goes on for so long and says what was written.
    Measured run(Duration time) {
        Measured out{.limit_min = std::numeric_limits<std::uint32_t>::max()};
        written_ = 0;
        latency_ = {};
        throttled_ = 0;
        double limit_time = 0;
        auto const end = now_ + time;
        send();
        while (now_ < end) {
            auto const next = events_.empty() ? end : std::min(events_.top().when, end);
            auto const limit = gate_.concurrency().limit();
            limit_time += limit * seconds(next - now_);
            out.limit_min = std::min(out.limit_min, limit);
            out.limit_max = std::max(out.limit_max, limit);
            now_ = next;
            while (!events_.empty() && events_.top().when <= now_) {
                auto const event = events_.top();
                events_.pop();
                happen(event);
            }
            send();
        }
        out.per_sec = static_cast<double>(written_) / seconds(time);
        out.latency_secs = written_ == 0 ? 0 : seconds(latency_) / static_cast<double>(written_);
        out.limit = limit_time / seconds(time);
        out.throttled = static_cast<double>(throttled_);
        return out;
    }

  private:
    enum class Answer : std::uint8_t { written, throttled, failed };
    /// A request on its way.
    struct Job {
        flow::Gate::Request request{};
        TimePoint sent{};
        bool was_probe = false;
        unsigned failures = 0;
        Answer answer = Answer::written;
        Duration way{};
    };
    enum class What : std::uint8_t { wake, arrival, served, answered, retry };
    struct Event {
        TimePoint when;
        std::uint64_t order = 0;
        What what = What::wake;
        Job job;
        bool operator<(Event const& other) const {
            return when != other.when ? when > other.when : order > other.order;
        }
    };

    static double seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

    void at(TimePoint when, What what) { at(when, what, Job{}); }
    void at(TimePoint when, What what, Job const& job) {
        events_.push({when, order_++, what, job});
    }
    void happen(Event const& event) {
        switch (event.what) {
            case What::wake:
                break;
            case What::arrival:
                ++due_;
                at(now_ + arrival(), What::arrival);
                break;
            case What::served:
                --busy_;
                serve();
                at(now_ + event.job.way, What::answered, event.job);
                break;
            case What::answered:
                end(event.job);
                // As a lane does: what may go now goes before the next answer is looked at.
                send();
                break;
            case What::retry:
                retry(event.job);
                break;
        }
    }

    /// Log-normal with this mean; the jitter is its coefficient of variation.
    Duration draw(Duration mean) {
        if (behaviour_.jitter <= 0 || mean <= 0ms) return mean;
        double const variance = std::log(1 + behaviour_.jitter * behaviour_.jitter);
        double const normal = std::sqrt(-2 * std::log(1 - random_.unit())) *
                              std::cos(2 * 3.14159265358979 * random_.unit());
        auto const factor = std::exp(std::sqrt(variance) * normal - variance / 2);
        return std::chrono::round<Duration>(std::chrono::duration<double>(seconds(mean) * factor));
    }

    Duration arrival() {
        return std::chrono::round<Duration>(
            std::chrono::duration<double>(-std::log(1 - random_.unit()) / load_.per_sec));
    }
    void send() {
        while (load_.per_sec <= 0 || due_ > 0) {
            auto const passage = gate_.passage(now_);
            bool const is_probe = passage == flow::Gate::Passage::probe;
            if (passage == flow::Gate::Passage::held ||
                (is_probe
                     ? !gate_.try_begin_probe(now_, random_) || !gate_.try_acquire_for_probe(claim_)
                     : !gate_.try_acquire(claim_, now_))) {
                wait();
                return;
            }
            if (load_.per_sec > 0) --due_;
            ++in_flight_;
            receive(
                {.request = gate_.begin_request(now_, true), .sent = now_, .was_probe = is_probe});
        }
    }

    /// Looks again when the gate says, as a lane's timer does.
    void wait() {
        auto const until = gate_.wait_until(now_);
        auto const when = until > now_ ? until : now_ + flow::Gate::short_interval;
        if (when >= wake_ && wake_ > now_) return;
        wake_ = when;
        at(when, What::wake);
    }

    void receive(Job job) {
        tokens_ = std::min(tokens_ + seconds(now_ - tokens_at_) * behaviour_.per_sec,
                           std::max(behaviour_.per_sec / 10, 1.0));
        tokens_at_ = now_;
        bool const is_too_many = (behaviour_.bears != 0 && in_flight_ > behaviour_.bears) ||
                                 (behaviour_.per_sec > 0 && tokens_ < 1);
        job.way = draw(behaviour_.distance);
        if (is_too_many) {
            job.answer = behaviour_.refuses_with_503 ? Answer::failed : Answer::throttled;
            at(now_ + job.way, What::answered, job);
            return;
        }
        if (behaviour_.per_sec > 0) tokens_ -= 1;
        if (random_.unit() < behaviour_.fails) job.answer = Answer::failed;
        if (behaviour_.workers == 0) {
            at(now_ + job.way, What::answered, job);
            return;
        }
        queue_.push_back(job);
        serve();
    }
    void serve() {
        while (!queue_.empty() && busy_ < behaviour_.workers) {
            double const crowd =
                std::max(1.0, static_cast<double>(busy_ + queue_.size()) / behaviour_.workers);
            auto const time = std::chrono::round<Duration>(std::chrono::duration<double>(
                seconds(draw(behaviour_.service)) * std::pow(crowd, behaviour_.degrades)));
            ++busy_;
            at(now_ + time, What::served, queue_.front());
            queue_.pop_front();
        }
    }

    void end(Job const& job) {
        --in_flight_;
        flow::Gate::Outcome const outcome{job.was_probe,   now_, WallTime{}, job.request,
                                          now_ - job.sent, true};
        switch (job.answer) {
            case Answer::written:
                ++written_;
                latency_ += now_ - job.sent;
                gate_.on_success(outcome);
                break;
            case Answer::throttled:
                ++throttled_;
                if (load_.per_sec > 0) ++due_;
                // The first backoff, with full jitter.
                gate_.on_throttled(outcome, std::chrono::round<Duration>(200ms * random_.unit()),
                                   "429");
                break;
            case Answer::failed:
                gate_.on_failure(outcome, std::nullopt, "503", random_);
                if (job.failures < retries_max) {
                    // It keeps its permit and waits, with full jitter.
                    auto const longest = 200ms * (1U << job.failures);
                    at(now_ + std::chrono::round<Duration>(longest * random_.unit()), What::retry,
                       job);
                    return;
                }
                if (load_.per_sec > 0) ++due_;
                break;
        }
        gate_.release(claim_);
    }
    void retry(Job const& job) {
        if (gate_.passage(now_) != flow::Gate::Passage::open) {
            gate_.release(claim_);
            if (load_.per_sec > 0) ++due_;
            return;
        }
        ++in_flight_;
        receive({.request = gate_.begin_request(now_, true),
                 .sent = now_,
                 .failures = job.failures + 1});
    }

    static constexpr unsigned retries_max = 3;

    Random random_;
    flow::Gate gate_;
    flow::Gate::Claim claim_;
    Behaviour behaviour_;
    Load load_;
    TimePoint now_{std::chrono::hours(1)};
    TimePoint wake_{};
    std::priority_queue<Event> events_;
    std::uint64_t order_ = 0;
    std::uint64_t due_ = 0;
    std::uint32_t in_flight_ = 0;
    std::uint32_t busy_ = 0;
    std::deque<Job> queue_;
    double tokens_ = 0;
    TimePoint tokens_at_{};
    std::uint64_t written_ = 0;
    std::uint64_t throttled_ = 0;
    Duration latency_{};
};

[[nodiscard]] inline flow::GateSettings adaptive(std::uint32_t max) {
    return {.is_adaptive = true, .concurrency_max = max, .probe = 1s, .blocked_probe = 5s};
}

/// What the best fixed limit up to `max` writes in a second.
[[nodiscard]] inline double best_fixed(Behaviour const& behaviour, std::uint32_t max,
                                       Duration time) {
    double best = 0;
    for (std::uint32_t const limit : {8, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128}) {
        if (limit > max) break;
        auto settings = adaptive(limit);
        settings.is_adaptive = false;
        DestinationModel model(settings, 7);
        model.behave(behaviour);
        std::ignore = model.run(2s);
        best = std::max(best, model.run(time).per_sec);
    }
    return best;
}

}  // namespace headrace::flow_test
