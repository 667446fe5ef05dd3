#include "simulation/member_source.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace headrace::simulation {
namespace {

using namespace std::chrono_literals;

constexpr Duration network_delay_max = 5ms;
/// How much later than source.revoke_drain_secs a release may come: the turns of a busy thread.
constexpr Duration release_slack = 1s;
constexpr double short_read = 0.2;

/// Memory of a record as long as it is young: the views point into it, and the world's serial
/// travels as a header, which a record keeps when it is detached.
struct Message {
    std::string key;
    std::string value;
    char serial[sizeof(std::uint64_t)];
};

constexpr flow::RecordHandle::Operations message_operations{
    [](void* object) noexcept { delete static_cast<Message*>(object); },
    [](void const* object, std::vector<flow::Header>& out) {
        auto const* const message = static_cast<Message const*>(object);
        out.push_back({"serial", std::string_view(message->serial, sizeof message->serial)});
    }};

}  // namespace

std::uint64_t serial_of(flow::Record const& record) {
    std::string memory;
    auto const text = record.find_header("serial", memory);
    if (!text || text->size() != sizeof(std::uint64_t))
        throw Violation("headers", "a record has lost its header");
    std::uint64_t serial = 0;
    std::memcpy(&serial, text->data(), sizeof serial);
    return serial;
}

MemberSource::MemberSource(World world, std::shared_ptr<Process> process,
                           std::function<void()> wake, Interleave interleave)
    : world_(world),
      process_(std::move(process)),
      wake_(std::move(wake)),
      interleave_(std::move(interleave)) {}

MemberSource::~MemberSource() {
    if (!is_closed_) world_.group.vanish(process_->id());
}

Result<void> MemberSource::start() {
    process_->later(world_.chance.between(0ms, 100ms),
                    [this] { world_.group.join(process_->id(), *this); });
    return {};
}

void MemberSource::serve(flow::SourceListener& listener) {
    interleave_();
    while (!inbox_.empty()) {
        auto const event = std::move(inbox_.front());
        inbox_.pop_front();
        event(listener);
    }
    tell_expired(listener);
}

std::size_t MemberSource::read(flow::Slot slot, std::size_t max, std::vector<flow::Record>& out) {
    interleave_();
    auto& place = places_[slot];
    if (!place.is_used || place.is_revoking) return 0;
    auto& partition = world_.log.at(place.partition);
    auto const& records = partition.records;
    auto const left = records.size() - std::min(place.next, records.size());
    if (max > 1 && left > 1 && world_.chance.happens(short_read)) {
        max = world_.chance.between(1, std::min(max, left));
        // What follows was not fetched yet, and will be told.
        process_->later(world_.chance.between(0ms, network_delay_max), [this] { wake_(); });
    }
    std::size_t count = 0;
    while (count < max && place.next < records.size() && !records[place.next].is_expired) {
        auto const serial = world_.ledger.read(process_->id(), place.partition, place.next);
        out.push_back(make_record(partition, place.next, serial));
        ++place.next;
        ++count;
    }
    if (count != 0) {
        world_.history.note(21, place.next, [&] {
            return "member " + std::to_string(process_->id()) + " reads " + std::to_string(count) +
                   " records of " + partition.name() + " up to offset " +
                   std::to_string(records[place.next - 1].offset);
        });
    }
    return count;
}

flow::Record MemberSource::make_record(PartitionLog& partition, std::size_t index,
                                       std::uint64_t serial) const {
    auto const& from = partition.records[index];
    auto message = std::make_unique<Message>();
    message->key = from.key.value_or("");
    message->value = from.value.value_or("");
    std::memcpy(message->serial, &serial, sizeof serial);
    flow::Record record;
    record.origin = &partition.origin;
    record.offset = from.offset;
    record.timestamp_ms = from.timestamp_ms;
    record.leader_epoch = from.leader_epoch;
    if (from.key) record.key = message->key;
    if (from.value) record.value = message->value;
    record.handle = flow::RecordHandle(message.release(), &message_operations);
    return record;
}

std::optional<flow::Offset> MemberSource::position(flow::Slot slot) const {
    auto const& place = places_[slot];
    if (!place.is_used) return std::nullopt;
    auto const& partition = world_.log.at(place.partition);
    return place.next < partition.records.size() ? partition.records[place.next].offset
                                                 : partition.end;
}

flow::PartitionEnd MemberSource::end(flow::Slot slot) const {
    return {world_.log.at(places_[slot].partition).end};
}

void MemberSource::commit(std::span<flow::CommitPoint const> points) {
    if (points.empty()) return;
    interleave_();
    for (auto const& point : points) {
        world_.ledger.committing(process_->id(), point);
        auto const* const place = [&]() -> Place const* {
            auto const number = world_.log.number_of(point.origin);
            for (auto const& one : places_) {
                if (one.is_used && one.partition == number) return &one;
            }
            return nullptr;
        }();
        if (place == nullptr)
            throw Violation("commit of another's partition", "it is committed after its release");
    }
    ++commits_under_way_;
    std::vector<flow::CommitPoint> const copy(points.begin(), points.end());
    to_broker_.push_back(
        [this, copy, generation = generation_] { answer_commit(copy, generation); });
    process_->later(world_.chance.between(Duration{}, network_delay_max + commit_delay_max),
                    [this] {
                        auto const action = std::move(to_broker_.front());
                        to_broker_.pop_front();
                        action();
                    });
}

void MemberSource::answer_commit(std::vector<flow::CommitPoint> const& points, int generation) {
    auto result = world_.group.commit(process_->id(), generation, points);
    if (result && world_.chance.happens(commit_answers_lost))
        result = Error{ErrorCode::timeout, "no answer to the commit"};
    bool const is_fenced = !result && result.error().message == Group::another_generation;
    arrive(
        [this, points, result](flow::SourceListener& listener) {
            --commits_under_way_;
            listener.on_committed(points, result);
        },
        network_delay_max + commit_delay_max);
    // librdkafka before 2.10 takes a commit that crosses the next generation for the loss of all.
    if (is_fenced && world_.group.has(process_->id()) && world_.chance.happens(0.5)) {
        world_.group.evict(process_->id(), false);
        lose();
    }
}

void MemberSource::release(std::span<flow::Slot const> slots) {
    interleave_();
    std::vector<std::uint32_t> partitions;
    for (auto const slot : slots) {
        auto const& place = places_[slot];
        if (!place.is_used || !place.is_revoking)
            throw Violation("release", "a slot is released that is not to be given back");
        bool const was_stopped = place.stops_before != process_->stops();
        auto const took = world_.timeline.now() - place.revoked_at;
        if (!was_stopped && took > world_.settings.intake.revoke_drain + release_slack)
            throw Violation("late release", "a revoked partition was not given back in time");
        partitions.push_back(place.partition);
        drop(slot);
    }
    world_.history.note(22, slots.size(), [&] {
        return "member " + std::to_string(process_->id()) + " gives back " +
               std::to_string(slots.size()) + " partitions";
    });
    is_joining_ = true;
    process_->later(world_.chance.between(Duration{}, network_delay_max),
                    [this, partitions] { world_.group.release(process_->id(), partitions); });
    if (world_.settings.group.is_cooperative) {
        inbox_.emplace_back([](flow::SourceListener& listener) { listener.on_assigned({}); });
        wake_();
    }
}

bool MemberSource::close(TimePoint) {
    is_closed_ = true;
    for (flow::Slot slot = 0; slot < places_.size(); ++slot) {
        if (places_[slot].is_used) drop(slot);
    }
    world_.group.leave(process_->id());
    return true;
}

void MemberSource::on_produced(std::uint32_t partition) {
    bool const is_ours = std::any_of(places_.begin(), places_.end(), [&](Place const& place) {
        return place.is_used && place.partition == partition;
    });
    if (is_ours) wake_();
}

void MemberSource::assign(std::vector<std::uint32_t> partitions, int generation) {
    // librdkafka knows the generation before the application knows of its partitions.
    arrive([this, partitions = std::move(partitions)](
               flow::SourceListener& listener) { take_assigned(partitions, listener); },
           network_delay_max,
           [this, generation] {
               generation_ = generation;
               is_joining_ = false;
           });
}

void MemberSource::revoke(std::vector<std::uint32_t> partitions) {
    arrive([this, partitions = std::move(partitions)](
               flow::SourceListener& listener) { take_revoked(partitions, listener); },
           network_delay_max);
}

/// A heartbeat says that the group forms anew: librdkafka joins again, and keeps what it has.
void MemberSource::rejoin() {
    arrive([](flow::SourceListener&) {}, network_delay_max, [this] { is_joining_ = true; });
}

void MemberSource::lose() {
    arrive([this](flow::SourceListener& listener) { take_lost(listener); },
           world_.chance.pick<Duration>({1ms, 100ms, 3s}));
}

/// One connection: what is sent first arrives first.
void MemberSource::arrive(Event event, Duration delay_max, Timeline::Action on_arrival) {
    on_the_way_.push_back({std::move(event), std::move(on_arrival)});
    process_->later(world_.chance.between(Duration{}, delay_max), [this] {
        auto arrived = std::move(on_the_way_.front());
        on_the_way_.pop_front();
        if (arrived.on_arrival) arrived.on_arrival();
        inbox_.push_back(std::move(arrived.event));
        wake_();
    });
}

void MemberSource::take_assigned(std::vector<std::uint32_t> const& partitions,
                                 flow::SourceListener& listener) {
    std::vector<flow::Assigned> assigned;
    for (auto const number : partitions) {
        auto& partition = world_.log.at(number);
        auto const slot = free_slot();
        auto& place = places_[slot];
        place = Place{};
        place.is_used = true;
        place.partition = number;
        place.next = partition.index_of(std::max(partition.committed.value_or(0), partition.begin));
        flow::Assigned const one{slot, &partition.origin, partition.committed, partition.metadata};
        world_.ledger.assigned(process_->id(), number, one);
        assigned.push_back(one);
    }
    world_.history.note(23, assigned.size(), [&] {
        std::string text = "member " + std::to_string(process_->id()) + " is assigned";
        for (auto const& one : assigned) {
            text += " " + one.origin->topic + "[" + std::to_string(one.origin->partition) +
                    "] from " + std::to_string(one.committed.value_or(-1));
        }
        return text;
    });
    listener.on_assigned(assigned);
}

void MemberSource::take_revoked(std::vector<std::uint32_t> const& partitions,
                                flow::SourceListener& listener) {
    std::vector<flow::Slot> slots;
    for (flow::Slot slot = 0; slot < places_.size(); ++slot) {
        auto& place = places_[slot];
        bool const is_meant =
            std::find(partitions.begin(), partitions.end(), place.partition) != partitions.end();
        if (!place.is_used || place.is_revoking || !is_meant) continue;
        place.is_revoking = true;
        place.revoked_at = world_.timeline.now();
        place.stops_before = process_->stops();
        world_.ledger.revoking(process_->id(), place.partition);
        slots.push_back(slot);
    }
    world_.history.note(24, slots.size(), [&] {
        return "member " + std::to_string(process_->id()) + " is to give back " +
               std::to_string(slots.size()) + " partitions";
    });
    if (!slots.empty()) {
        listener.on_revoking(slots);
    } else {
        world_.group.release(process_->id(), partitions);
    }
}

void MemberSource::take_lost(flow::SourceListener& listener) {
    std::vector<flow::Slot> slots;
    for (flow::Slot slot = 0; slot < places_.size(); ++slot) {
        if (!places_[slot].is_used) continue;
        slots.push_back(slot);
        drop(slot);
    }
    world_.history.note(25, slots.size(), [&] {
        return "member " + std::to_string(process_->id()) + " hears that it lost " +
               std::to_string(slots.size()) + " partitions";
    });
    if (!slots.empty()) listener.on_lost(slots);
    process_->later(world_.chance.between(0ms, 200ms),
                    [this] { world_.group.join(process_->id(), *this); });
}

/// Retention overtook reading: it goes on at the earliest record.
void MemberSource::tell_expired(flow::SourceListener& listener) {
    for (auto& place : places_) {
        if (!place.is_used || place.is_revoking) continue;
        auto const& partition = world_.log.at(place.partition);
        auto const begin = partition.index_of(partition.begin);
        if (place.next >= begin) continue;
        auto const from = partition.records[place.next].offset;
        place.next = begin;
        listener.on_expired(partition.origin, from, partition.begin);
    }
}

flow::Slot MemberSource::free_slot() {
    for (flow::Slot slot = 0; slot < places_.size(); ++slot) {
        if (!places_[slot].is_used) return slot;
    }
    places_.emplace_back();
    return static_cast<flow::Slot>(places_.size() - 1);
}

void MemberSource::drop(flow::Slot slot) {
    world_.ledger.unassigned(process_->id(), places_[slot].partition);
    places_[slot].is_used = false;
}

}  // namespace headrace::simulation
