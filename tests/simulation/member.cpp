#include "simulation/member.hpp"

#include <algorithm>
#include <utility>

namespace headrace::simulation {
namespace {

using namespace std::chrono_literals;

/// How much of what another thread does falls into a call of the consumer thread.
constexpr double interleaving = 0.1;
/// The longest sleep of a source.
constexpr Duration wait_max = 1s;
/// By how much the memory in use may pass its limit, which is smaller here than any that the
/// configuration takes: records larger than those before, and what a tracker takes at least.
constexpr std::size_t overshoot_records_max = 64;
constexpr std::size_t record_cost_max = 512;
constexpr std::size_t tracker_bytes = 16 << 10;
/// The turns of a busy thread.
constexpr Duration drain_slack = 1s;

}  // namespace

Member::Member(World world, MemberId id)
    : world_(std::move(world)),
      process_(std::make_shared<Process>(world_.timeline, world_.chance, id)),
      gate_(world_.settings.gate, world_.timeline.wall()),
      source_(
          {world_.settings, world_.timeline, world_.chance, world_.log, world_.ledger, world_.group,
           world_.history},
          process_, [this] { wake(); }, [this] { interleave(); }),
      letters_(
          {world_.topic, world_.chance, world_.ledger, world_.history}, process_,
          [this] { wake(); }, [this] { interleave(); }),
      shared_{gate_,
              [this](flow::Severity, std::string_view kind, std::string const& text) {
                  world_.history.note(61, kind.size(), [&] {
                      return "member " + std::to_string(process_->id()) + " says " +
                             std::string(kind) + ": " + text;
                  });
              },
              [this] { wake(); }} {
    shared_.started = world_.timeline.now();
    std::vector<flow::LaneHandle> handles;
    for (std::uint32_t number = 0; number < world_.settings.lanes; ++number) {
        lanes_.push_back(std::make_unique<LaneShell>(
            LaneShell::World{world_.settings, world_.timeline, world_.chance, world_.log,
                             world_.ledger, world_.destination, world_.history},
            process_, shared_, number));
        auto* const lane = lanes_.back().get();
        handles.push_back({&lane->link(), &lane->stats(), [lane] { lane->notify(); },
                           [lane] { return lane->held_bytes(); }});
    }
    intake_ = std::make_unique<flow::Intake>(world_.settings.intake, source_,
                                             world_.has_topic ? &letters_ : nullptr, gate_,
                                             std::move(handles), shared_.report);
    std::ignore = source_.start();
    plan_turn(world_.timeline.now());
}

Member::~Member() {
    process_->end();
    world_.ledger.gone(process_->id());
}

void Member::drain() {
    if (std::exchange(is_draining_, true)) return;
    auto const now = world_.timeline.now();
    drain_deadline_ = now + world_.settings.drain;
    was_stopped_ = process_->is_stopped();
    stops_before_drain_ = process_->stops();
    world_.history.note(62, id(),
                        [&] { return "member " + std::to_string(id()) + " is to drain"; });
    intake_->drain(drain_deadline_);
}

void Member::resume() {
    gate_.resume(world_.timeline.now(), world_.timeline.wall());
    for (auto& lane : lanes_) {
        lane->notify();
    }
}

void Member::probe_now() {
    gate_.probe_now(world_.timeline.now());
    for (auto& lane : lanes_) {
        lane->notify();
    }
}

bool Member::is_idle() const {
    return std::all_of(lanes_.begin(), lanes_.end(),
                       [](auto const& lane) { return lane->is_idle(); });
}

std::uint64_t Member::lane_runs() const {
    std::uint64_t runs = 0;
    for (auto const& lane : lanes_) {
        runs += lane->runs();
    }
    return runs;
}

flow::RouteSnapshot Member::snapshot() const {
    return intake_->snapshot(world_.timeline.now(), world_.timeline.wall());
}

void Member::turn() {
    ++turns_;
    is_asleep_ = false;
    auto const now = world_.timeline.now();
    auto const next = intake_->step(now, world_.timeline.wall());
    check_sums();
    if (intake_->is_drained()) return leave();
    interleave();
    bool const may_sleep = next > now && intake_->prepare_to_sleep();
    interleave();
    if (may_sleep && !std::exchange(is_woken_, false)) {
        is_asleep_ = true;
        plan_turn(std::min(next, now + wait_max));
    } else {
        plan_turn(now + world_.chance.between(1us, 20us));
    }
}

void Member::plan_turn(TimePoint when) {
    process_->at(when + world_.chance.between(Duration{}, world_.settings.thread_delay),
                 [this, plan = ++plan_] {
                     if (plan == plan_) turn();
                 });
}

void Member::wake() {
    if (!is_asleep_) {
        is_woken_ = true;
        return;
    }
    is_asleep_ = false;
    plan_turn(world_.timeline.now());
}

void Member::interleave() {
    if (world_.chance.happens(interleaving)) lanes_[world_.chance.below(lanes_.size())]->hasten();
    if (world_.kills != 0 && world_.chance.happens(world_.kills)) throw Killed{process_->id()};
}

void Member::leave() {
    bool const was_clean = intake_->was_clean();
    bool const was_stopped = was_stopped_ || process_->stops() != stops_before_drain_;
    if (!was_stopped && world_.timeline.now() > drain_deadline_ + drain_slack)
        throw Violation("late drain", "the drain took longer than it may");
    if (was_clean) check_clean();
    std::ignore = intake_->step(world_.timeline.now(), world_.timeline.wall());
    check_sums();
    std::ignore = source_.close(drain_deadline_);
    world_.history.note(63, id(), [&] {
        return "member " + std::to_string(id()) + " has drained" + (was_clean ? "" : ", unclean");
    });
    world_.on_exit(*this, was_clean);
}

/// Clean means: every request is resolved, and what they settled is committed.
void Member::check_clean() const {
    if (world_.ledger.requests_in_flight(id()) != 0)
        throw Violation("clean drain", "it says clean while requests are in flight");
    for (std::uint32_t number = 0; number < world_.log.size(); ++number) {
        auto const& partition = world_.log.at(number);
        auto const settled = world_.ledger.settled_up_to(id(), number);
        if (settled && *settled > partition.committed.value_or(0))
            throw Violation("clean drain", partition.name() + " is settled up to " +
                                               std::to_string(*settled) + ", committed is less");
    }
}

void Member::check_sums() const {
    auto const picture = snapshot();
    auto const& settings = world_.settings;
    if (picture.unaccounted != 0)
        throw Violation("sums", std::to_string(picture.unaccounted) + " records are unaccounted");
    if (picture.read != world_.ledger.reads(id()))
        throw Violation("sums", "it says that it read " + std::to_string(picture.read) +
                                    " records, and read " +
                                    std::to_string(world_.ledger.reads(id())));
    if (picture.in_flight_bytes < world_.ledger.lane_bytes(id()))
        throw Violation("memory", "lanes hold " + std::to_string(world_.ledger.lane_bytes(id())) +
                                      " bytes, it counts " +
                                      std::to_string(picture.in_flight_bytes));
    auto const most = settings.intake.memory_bytes + settings.partitions * tracker_bytes +
                      overshoot_records_max * (record_cost_max + settings.record.value_bytes_max);
    if (picture.memory_bytes > most)
        throw Violation("memory", std::to_string(picture.memory_bytes) + " bytes are held");
    for (auto const& partition : picture.partitions) {
        if (partition.lag_records < 0) throw Violation("sums", "a lag is negative");
    }
}

}  // namespace headrace::simulation
