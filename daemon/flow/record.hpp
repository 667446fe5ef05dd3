// A record: one Kafka message on its way through a route. It owns the memory that its views point
// into, through a RecordHandle that hides where the bytes live (librdkafka's fetch buffer while
// young, a block of our own after detach()). Used by everything between the source and the sink;
// the intake makes it, the settlement ends it. Thread safety: a record belongs to one thread at a
// time and moves between threads through the rings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace headrace::flow {

/// An offset inside a Kafka partition.
using Offset = std::int64_t;

/// The offset after `offset`: what a commit names once `offset` is settled.
[[nodiscard]] constexpr Offset next(Offset offset) noexcept {
    return offset + 1;
}

/// One topic and partition. Interned by the source for the route's whole life: compare and keep by
/// address.
struct TopicPartition {
    std::string topic;
    std::int32_t partition = 0;
    std::uint64_t hash = 0;  ///< Of topic and partition; seeds the hash of the record's key.
};

/// A header of a record; Kafka allows null values and binary ones.
struct Header {
    std::string_view name;
    std::optional<std::string_view> value;
};

/// Owns the memory behind a record's views. Move-only; the last step of every record is to destroy
/// it.
class RecordHandle {
  public:
    /// What the kind of memory can do. `object` is what the handle was made with.
    struct Operations {
        void (*destroy)(void* object) noexcept;
        /// Appends all headers, in order; the views live until the handle ends or is asked for one
        /// header.
        void (*headers)(void const* object, std::vector<Header>& out);
        /// The last value of one header, without keeping the others: a view of `memory`, or one
        /// that lives as long as the handle; nothing if absent or null. Null: all are looked at.
        std::optional<std::string_view> (*find_header)(void* object, std::string_view name,
                                                       std::string& memory) = nullptr;
    };

    RecordHandle() = default;
    RecordHandle(void* object, Operations const* operations) noexcept
        : object_(object), operations_(operations) {}
    RecordHandle(RecordHandle&& other) noexcept
        : object_(std::exchange(other.object_, nullptr)), operations_(other.operations_) {}
    RecordHandle& operator=(RecordHandle&& other) noexcept {
        if (this != &other) {
            reset();
            object_ = std::exchange(other.object_, nullptr);
            operations_ = other.operations_;
        }
        return *this;
    }
    RecordHandle(RecordHandle const&) = delete;
    RecordHandle& operator=(RecordHandle const&) = delete;
    ~RecordHandle() { reset(); }

    void reset() noexcept {
        if (object_ != nullptr) operations_->destroy(std::exchange(object_, nullptr));
    }
    void headers(std::vector<Header>& out) const {
        if (object_ != nullptr) operations_->headers(object_, out);
    }
    [[nodiscard]] std::optional<std::string_view> find_header(std::string_view name,
                                                              std::string& memory) const;
    [[nodiscard]] bool has_value() const noexcept { return object_ != nullptr; }

  private:
    void* object_ = nullptr;
    Operations const* operations_ = nullptr;
};

/// Where a record stands in its partition's offset tracker. `epoch` tells assignments of the same
/// slot apart: a settlement of an old epoch is thrown away, so that nothing is committed for a
/// partition that was taken away.
struct Ticket {
    std::uint32_t slot = 0;      ///< Which of the route's assigned partitions.
    std::uint32_t epoch = 0;     ///< Which assignment of that slot.
    std::uint64_t sequence = 0;  ///< The how-manieth record read in that assignment.
    std::uint32_t bucket = 0;    ///< The splitter's note; see Place.
};

struct Record {
    TopicPartition const* origin = nullptr;
    Offset offset = 0;
    std::int64_t timestamp_ms =
        0;  ///< Kafka's timestamp, milliseconds since the epoch; -1 if the record has none.
    std::optional<std::string_view> key;
    std::optional<std::string_view> value;  ///< Absent: a tombstone.
    Ticket ticket;
    std::uint64_t order_hash =
        0;  ///< Records with equal hashes are never in two requests in flight; 0: unordered.
    std::uint32_t cost_bytes = 0;     ///< What the route's memory limit was charged for it.
    std::uint32_t encoded_bytes = 0;  ///< What it adds to a request's body, once it was inspected.
    std::uint32_t target =
        0;  ///< The sink's target (stream source, collection …) once it was placed.
    std::int32_t leader_epoch = -1;  ///< Under which partition leader it was written; -1: unknown.
    std::uint64_t sink_word =
        0;  ///< The sink's own note from inspect() to encode, such as where the primary key stands.
    RecordHandle handle;

    /// All headers, in order; the views live until the record ends or find_header() is called.
    [[nodiscard]] std::vector<Header> headers() const {
        std::vector<Header> out;
        handle.headers(out);
        return out;
    }

    /// Copies key, value and headers into a block of the record's own and lets go of the fetch
    /// buffer, which a record that waits would otherwise pin as a whole. The views change; does
    /// nothing the second time.
    void detach();
    [[nodiscard]] bool is_detached() const noexcept { return detached_; }

    /// The last value of the header `name`, as Kafka Connect reads them; nothing if absent or null.
    /// Lives until `memory` or the record changes.
    [[nodiscard]] std::optional<std::string_view> find_header(std::string_view name,
                                                              std::string& memory) const {
        return handle.find_header(name, memory);
    }

  private:
    bool detached_ = false;
};

/// Makes a record that owns copies of the given bytes: for fakes, the demo and tests.
[[nodiscard]] Record make_record(TopicPartition const& origin, Offset offset,
                                 std::optional<std::string_view> key,
                                 std::optional<std::string_view> value,
                                 std::vector<Header> const& headers = {});

}  // namespace headrace::flow
