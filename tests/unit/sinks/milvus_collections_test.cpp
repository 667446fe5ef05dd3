#include "sinks/milvus_collections.hpp"

#include "sinks/judgements.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::sinks {
namespace {

MilvusSchema schema() {
    return {.primary_key = "id",
            .key_type = MilvusKeyType::int64,
            .auto_id = false,
            .has_partition_key = false};
}

MilvusAnswer delivered() {
    return {.judgement = judge_delivered()};
}
MilvusAnswer changed() {
    MilvusAnswer answer{
        .judgement = judge_as(flow::Verdict::retry, flow::FailureReason::rejected, "changed")};
    answer.schema_changed = true;
    return answer;
}
MilvusAnswer doubtful() {
    MilvusAnswer answer{.judgement = judge_rejected("row")};
    answer.schema_doubtful = true;
    return answer;
}
MilvusAnswer missing() {
    MilvusAnswer answer{.judgement = judge_blocked(flow::BlockScope::target, "gone")};
    answer.is_missing = true;
    return answer;
}

struct Known {
    MilvusCollections collections{"default"};
    flow::TargetId id = collections.find_or_add("docs", "", MilvusOperation::upsert).value();

    Known() { collections.learn(id, schema()); }
    flow::Verdict conclude(std::uint32_t generation, MilvusAnswer answer) {
        collections.conclude(id, generation, answer);
        return answer.judgement.verdict;
    }
    bool is_known() const { return collections.collection_of(id).is_known; }
};

TEST_CASE(
    "rows and deletes of a partition are two targets of one collection with one ordering seed") {
    MilvusCollections collections("default");
    auto const rows = collections.find_or_add("docs", "", MilvusOperation::upsert).value();
    auto const deletes =
        collections.find_or_add("docs", "_default", MilvusOperation::erase).value();
    auto const other = collections.find_or_add("docs", "p", MilvusOperation::upsert).value();
    CHECK(rows != deletes);
    CHECK(collections.find_or_add("docs", "", MilvusOperation::upsert) == rows);
    CHECK(collections.target(rows).order_seed == collections.target(deletes).order_seed);
    CHECK(collections.target(rows).order_seed != collections.target(other).order_seed);
    CHECK(collections.target(rows).name == "default/docs/_default");
    CHECK(collections.target(deletes).name == "default/docs/_default (delete)");
    CHECK(collections.target(other).name == "default/docs/p");
    CHECK_FALSE(collections.collection_of(deletes).is_known);
    collections.learn(rows, schema());
    CHECK(collections.collection_of(deletes).is_known);
    CHECK(collections.collection_of(other).is_known);
}

TEST_CASE("another database is another key") {
    MilvusCollections first("a");
    MilvusCollections second("b");
    CHECK(first.target(*first.find_or_add("docs", "", MilvusOperation::upsert)).order_seed !=
          second.target(*second.find_or_add("docs", "", MilvusOperation::upsert)).order_seed);
}

TEST_CASE("more targets than are kept are refused") {
    MilvusCollections collections("default");
    for (std::size_t i = 0; i < targets_max; ++i) {
        REQUIRE(collections.find_or_add("c" + std::to_string(i), "", MilvusOperation::upsert));
    }
    CHECK_FALSE(collections.find_or_add("one_more", "", MilvusOperation::upsert));
}

TEST_CASE("a changed schema is asked for once, a second change of the new one splits") {
    Known known;
    CHECK(known.conclude(1, changed()) == flow::Verdict::retry);
    CHECK_FALSE(known.is_known());
    known.collections.learn(known.id, schema());
    CHECK(known.conclude(2, changed()) == flow::Verdict::split);
    CHECK(known.is_known());
}

TEST_CASE("requests that were under way with the old schema are all sent again") {
    Known known;
    CHECK(known.conclude(1, changed()) == flow::Verdict::retry);
    CHECK(known.conclude(1, changed()) == flow::Verdict::retry);
    known.collections.learn(known.id, schema());
    CHECK(known.conclude(1, changed()) == flow::Verdict::retry);
    CHECK(known.is_known());
}

TEST_CASE("after a success a change of the schema is asked for again") {
    Known known;
    CHECK(known.conclude(1, changed()) == flow::Verdict::retry);
    known.collections.learn(known.id, schema());
    CHECK(known.conclude(2, delivered()) == flow::Verdict::delivered);
    CHECK(known.conclude(2, changed()) == flow::Verdict::retry);
    CHECK_FALSE(known.is_known());
}

TEST_CASE("a refusal that an old schema could explain asks once and stays a split") {
    Known known;
    CHECK(known.conclude(1, doubtful()) == flow::Verdict::split);
    CHECK_FALSE(known.is_known());
    known.collections.learn(known.id, schema());
    CHECK(known.conclude(2, doubtful()) == flow::Verdict::split);
    CHECK(known.is_known());
}

TEST_CASE("a collection that was missing is looked at again when it is back") {
    Known known;
    CHECK(known.conclude(1, missing()) == flow::Verdict::blocked);
    CHECK(known.is_known());
    CHECK(known.conclude(1, delivered()) == flow::Verdict::delivered);
    CHECK_FALSE(known.is_known());
    known.collections.learn(known.id, schema());
    CHECK(known.conclude(2, delivered()) == flow::Verdict::delivered);
    CHECK(known.is_known());
}

}  // namespace
}  // namespace headrace::sinks
