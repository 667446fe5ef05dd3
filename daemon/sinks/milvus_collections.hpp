// What the Milvus dialect keeps: the collections and targets that records named, and each
// collection's schema with its age. Used by the Milvus dialect only. Pure. Thread safety: an
// instance belongs to its worker's thread.
#pragma once

#include "flow/sink.hpp"
#include "sinks/milvus_answer.hpp"
#include "sinks/milvus_schema.hpp"
#include "sinks/target_index.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace headrace::sinks {

/// A collection and how well we know it.
/// Invariants: 1. While is_known is false nothing is inspected. 2. generation grows with each
/// schema that was learnt.
struct MilvusCollection {
    std::string name;
    std::string prefix;  ///< `{"dbName":…,"collectionName":…`
    MilvusSchema schema;
    bool is_known = false;         ///< The schema may be used.
    std::uint32_t generation = 0;  ///< The how-manieth schema this is.
    bool was_asked_again =
        false;  ///< This schema was learnt because of doubt, and nothing was written with it since.
    bool was_missing =
        false;  ///< It was missing or not loaded since the last success: it may be another one now.
};

struct MilvusTarget {
    std::size_t collection = 0;
    std::string partition;  ///< Empty: the default one.
    MilvusOperation operation = MilvusOperation::upsert;
    std::string name;              ///< For people: database/collection/partition.
    std::uint64_t order_seed = 0;  ///< The same for all operations on one partition.
};

class MilvusCollections {
  public:
    explicit MilvusCollections(std::string database);

    /// The target's number; nothing if there are too many. An empty partition is the default one.
    [[nodiscard]] std::optional<flow::TargetId> find_or_add(std::string_view collection,
                                                            std::string_view partition,
                                                            MilvusOperation operation);

    [[nodiscard]] MilvusTarget const& target(flow::TargetId id) const { return targets_.at(id); }
    [[nodiscard]] MilvusCollection const& collection_of(flow::TargetId id) const {
        return collections_.at(target(id).collection);
    }

    /// Takes over what describe said.
    void learn(flow::TargetId id, MilvusSchema schema);

    /// Draws the conclusions of an answer about the schema it was written with; makes a retry for a
    /// changed schema a split when a new schema did not help.
    void conclude(flow::TargetId id, std::uint32_t generation, MilvusAnswer& answer);

  private:
    [[nodiscard]] std::size_t add_collection(std::string_view name);

    std::string database_;
    TargetIndex target_index_;
    TargetIndex collection_index_;
    std::string key_;  ///< Memory used again.
    std::vector<MilvusTarget> targets_;
    std::vector<MilvusCollection> collections_;
};

}  // namespace headrace::sinks
