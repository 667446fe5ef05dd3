#include "emulator/milvus_store.hpp"

#include "requests.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::emulator {
namespace {

using test::at_ms;
constexpr Duration none = Duration::zero();
constexpr Duration lag = std::chrono::milliseconds(100);

MilvusWrite write(MilvusWriteKind kind, std::string key, std::string text = "{}",
                  std::string partition = "_default") {
    return {kind, "default/docs", std::move(partition), {{std::move(key), std::move(text)}}};
}

std::vector<std::string> texts(MilvusStore const& store, std::int64_t ms = 0, Duration late = none,
                               std::vector<std::string> const& partitions = {}) {
    std::vector<std::string> result;
    for (auto const& row : store.rows("default/docs", partitions, at_ms(ms).at, late)) {
        result.push_back(row.text);
    }
    return result;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("Milvus: upsert replaces, insert adds, erase removes") {
    MilvusStore store(StoreForm::rows);
    auto const now = at_ms(0).at;
    store.write(write(MilvusWriteKind::upsert, "1", "a"), now, none);
    store.write(write(MilvusWriteKind::upsert, "1", "b"), now, none);
    CHECK(texts(store) == Texts{"b"});
    store.write(write(MilvusWriteKind::insert, "1", "b"), now, none);
    CHECK(texts(store) == Texts{"b", "b"});
    CHECK(store.row_count("default/docs") == 2);
    CHECK(store.all_counts().front().counts->keys_repeated == 2);
    store.write(write(MilvusWriteKind::erase, "1"), now, none);
    CHECK(texts(store).empty());
}

TEST_CASE("Milvus: upsert works within its partition, erase in one or all") {
    MilvusStore store(StoreForm::rows);
    auto const now = at_ms(0).at;
    store.write(write(MilvusWriteKind::upsert, "1", "a", "p"), now, none);
    store.write(write(MilvusWriteKind::upsert, "1", "b", "q"), now, none);
    CHECK(texts(store) == Texts{"a", "b"});
    CHECK(texts(store, 0, none, {"q"}) == Texts{"b"});
    CHECK(store.rows_of("default/docs", {"p"}, {"1", "2"}).size() == 1);
    store.write(write(MilvusWriteKind::erase, "1", "", "p"), now, none);
    CHECK(texts(store) == Texts{"b"});
    store.write(write(MilvusWriteKind::erase, "1", "", ""), now, none);
    CHECK(texts(store).empty());
}

TEST_CASE("Milvus: lagging reads see what was there before") {
    MilvusStore store(StoreForm::rows);
    store.write(write(MilvusWriteKind::upsert, "1", "a"), at_ms(0).at, lag);
    CHECK(texts(store, 50, lag).empty());
    CHECK(texts(store, 50, none) == Texts{"a"});
    CHECK(texts(store, 100, lag) == Texts{"a"});
    store.write(write(MilvusWriteKind::upsert, "1", "b"), at_ms(200).at, lag);
    store.write(write(MilvusWriteKind::upsert, "1", "c"), at_ms(220).at, lag);
    CHECK(texts(store, 230, lag) == Texts{"a"});
    CHECK(texts(store, 310, lag) == Texts{"b"});
    store.write(write(MilvusWriteKind::erase, "1"), at_ms(400).at, lag);
    CHECK(texts(store, 450, lag) == Texts{"c"});
    CHECK(texts(store, 450, lag, {"other"}).empty());
    CHECK(texts(store, 500, lag).empty());
}

TEST_CASE("Milvus: numbers are listed in their order") {
    MilvusStore store(StoreForm::rows);
    for (auto const* key : {"10", "9", "100"}) {
        store.write(write(MilvusWriteKind::upsert, key, key), at_ms(0).at, none);
    }
    CHECK(texts(store) == Texts{"9", "10", "100"});
}

TEST_CASE("Milvus: the store keeps as much as it is told to") {
    MilvusStore ids(StoreForm::ids);
    ids.write(write(MilvusWriteKind::upsert, "1", "a"), at_ms(0).at, none);
    CHECK(texts(ids) == Texts{""});
    MilvusStore counts(StoreForm::counts);
    counts.write(write(MilvusWriteKind::upsert, "1", "a"), at_ms(0).at, none);
    CHECK(counts.row_count("default/docs") == 0);
    CHECK(counts.row_count("default/other") == 0);
    CHECK(counts.rows_of("default/other", {}, {"1"}).empty());
    CHECK(counts.rows("default/other", {}, at_ms(0).at, none).empty());
    ids.drop("default/docs");
    CHECK(ids.all_counts().empty());
}

}  // namespace headrace::emulator
