#include "emulator/tecton_store.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::emulator {
namespace {

TectonWrite write(std::string key, std::int64_t ns, std::string_view record) {
    return {0, std::move(key), ns, record};
}

}  // namespace

TEST_CASE("Tecton: equal join keys and timestamp overwrite, a nanosecond apart is another row") {
    TectonStore store(StoreForm::rows, 100);
    FeatureView const view;
    store.write(write("k", 1, "a"), view);
    store.write(write("k", 2, "b"), view);
    store.write(write("k", 1, "c"), view);
    store.write(write("k", 1, "c"), view);
    auto const rows = store.rows(0, 0, 10);
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].record == "c");
    CHECK(rows[1].record == "b");
    auto const stats = store.view(0);
    CHECK(stats.rows == 2);
    CHECK(stats.writes == 4);
    CHECK(stats.repeated == 2);
    CHECK(stats.overwritten == 1);
}

TEST_CASE(
    "Tecton: a view without aggregation keeps the greatest timestamp, an equal one overwrites") {
    TectonStore store(StoreForm::rows, 100);
    FeatureView view;
    view.aggregates = false;
    store.write(write("k", 5, "a"), view);
    store.write(write("k", 3, "older"), view);
    CHECK(store.rows(0, 0, 10).front().record == "a");
    store.write(write("k", 5, "same"), view);
    CHECK(store.rows(0, 0, 10).front().record == "same");
    store.write(write("k", 6, "newer"), view);
    REQUIRE(store.rows(0, 0, 10).size() == 1);
    CHECK(store.rows(0, 0, 10).front().record == "newer");
}

TEST_CASE("Tecton: the store keeps as much as it is told to") {
    FeatureView const view;
    JsonTree tree;
    REQUIRE(tree.parse("7"));
    TectonStore ids(StoreForm::ids, 100);
    ids.write(write("k", 1, "a"), view);
    ids.count_id("s", tree.root());
    CHECK(ids.rows(0, 0, 10).front().record.empty());
    CHECK(ids.source("s").ids.distinct() == 1);
    TectonStore counts(StoreForm::counts, 100);
    counts.write(write("k", 1, "a"), view);
    counts.count_id("s", tree.root());
    CHECK(counts.rows(0, 0, 10).empty());
    CHECK(counts.view(0).writes == 1);
    CHECK(counts.source("s").ids.distinct() == 0);
}

TEST_CASE("Tecton: rows beyond the limit are counted, not kept") {
    TectonStore store(StoreForm::rows, 1);
    store.write(write("a", 1, "x"), {});
    store.write(write("b", 1, "x"), {});
    CHECK(store.view(0).rows == 1);
    CHECK(store.view(0).not_kept == 1);
}

TEST_CASE("Tecton: rows are listed by key and time, page by page") {
    TectonStore store(StoreForm::rows, 100);
    for (int i = 9; i >= 0; --i) {
        store.write(write("k" + std::to_string(i), 1, "x"), {});
    }
    auto const page = store.rows(0, 3, 2);
    REQUIRE(page.size() == 2);
    CHECK(page[0].key == "k3");
    CHECK(store.rows(1, 0, 10).empty());
    CHECK(store.view(7).rows == 0);
}

}  // namespace headrace::emulator
