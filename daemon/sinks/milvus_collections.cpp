#include "sinks/milvus_collections.hpp"

#include "base/hash.hpp"
#include "base/json.hpp"

namespace headrace::sinks {

MilvusCollections::MilvusCollections(std::string database) : database_(std::move(database)) {}

std::optional<flow::TargetId> MilvusCollections::find_or_add(std::string_view collection,
                                                             std::string_view partition,
                                                             MilvusOperation operation) {
    // Names hold no control characters, so that this is unambiguous.
    key_ = collection;
    key_ += '\n';
    key_ += partition.empty() ? "_default" : partition;
    std::size_t const place_bytes = key_.size();
    key_ += operation == MilvusOperation::erase ? "\nd" : "\nw";
    auto const entry = target_index_.find_or_add(key_);
    if (!entry) return std::nullopt;
    if (entry->is_new) {
        std::string_view const place(key_.data(), place_bytes);
        std::uint64_t const order_seed = hash_bytes(place, hash_bytes(database_, 0));
        std::string name = database_ + "/" + std::string(collection) + "/";
        name += partition.empty() ? "_default" : partition;
        if (operation == MilvusOperation::erase) name += " (delete)";
        targets_.push_back({.collection = add_collection(collection),
                            .partition = std::string(partition),
                            .operation = operation,
                            .name = std::move(name),
                            .order_seed = order_seed});
    }
    return entry->id;
}

void MilvusCollections::learn(flow::TargetId id, MilvusSchema schema) {
    MilvusCollection& collection = collections_.at(target(id).collection);
    collection.schema = std::move(schema);
    collection.is_known = true;
    ++collection.generation;
}

void MilvusCollections::conclude(flow::TargetId id, std::uint32_t generation,
                                 MilvusAnswer& answer) {
    MilvusCollection& collection = collections_.at(target(id).collection);
    bool const is_present = collection.is_known && generation == collection.generation;
    flow::Judgement& judgement = answer.judgement;
    if (judgement.verdict == flow::Verdict::delivered && is_present) {
        collection.was_asked_again = false;
        // Back again, it may have been made anew: look at it before the next request.
        if (std::exchange(collection.was_missing, false)) collection.is_known = false;
    }
    if (answer.is_missing) collection.was_missing = true;
    if (!answer.schema_changed && !answer.schema_doubtful) return;
    // What was written with an older schema says nothing about the present one: it is sent again,
    // or halved.
    if (!is_present) return;
    if (!collection.was_asked_again) {
        collection.is_known = false;
        collection.was_asked_again = true;
    } else if (answer.schema_changed) {
        judgement.verdict = flow::Verdict::split;
    }
}

std::size_t MilvusCollections::add_collection(std::string_view name) {
    auto const entry = collection_index_.find_or_add(name);
    // There are never more collections than targets, so there is always room.
    if (entry->is_new) {
        MilvusCollection collection{
            .name = std::string(name), .prefix = R"({"dbName":)", .schema = {}};
        append_json_string(collection.prefix, database_);
        collection.prefix += R"(,"collectionName":)";
        append_json_string(collection.prefix, name);
        collections_.push_back(std::move(collection));
    }
    return entry->id;
}

}  // namespace headrace::sinks
