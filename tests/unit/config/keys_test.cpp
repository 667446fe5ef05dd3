#include "config/keys.hpp"

#include "base/size.hpp"
#include "config/scalars.hpp"
#include "sinks/registry.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <set>
#include <string>

namespace headrace::config {
namespace {

TEST_CASE("every key stands once in the table, with a sentence") {
    std::set<std::string_view> seen;
    for (auto const& key : all_keys()) {
        INFO(key.path);
        CHECK(seen.insert(key.path).second);
        CHECK(key.meaning.ends_with('.'));
        CHECK(find_key(key.path) == &key);
        CHECK_FALSE(is_section(key.path));
    }
    CHECK(find_key("routes[].nothing") == nullptr);
}

TEST_CASE("defaults fit their own types and ranges") {
    for (auto const& key : all_keys()) {
        for (auto const preset : {key.preset, key.milvus_preset}) {
            if (preset.empty()) continue;
            INFO(key.path);
            auto const choices = choices_of(key);
            if (key.type == Type::choice)
                CHECK(std::find(choices.begin(), choices.end(), preset) != choices.end());
            if (key.type == Type::boolean) CHECK(parse_boolean(preset));
            bool const is_number = key.max > key.min && preset != "auto";
            if (!is_number) continue;
            auto const number = parse_number(key.type, preset);
            REQUIRE(number);
            CHECK(*number >= key.min);
            CHECK(*number <= key.max);
        }
    }
}

TEST_CASE("destinations have the defaults of their registry") {
    auto const number = [](std::string_view path, bool is_milvus) {
        auto const* const key = find_key(path);
        REQUIRE(key != nullptr);
        return *parse_number(key->type, is_milvus ? key->milvus_preset : key->preset);
    };
    auto const types = choices_of(*find_key("routes[].destination.type"));
    CHECK(types.size() == sinks::destination_types().size());
    for (auto const type : types) {
        INFO(type);
        auto const* const row = sinks::find_destination_type(type);
        REQUIRE(row != nullptr);
        bool const is_milvus = type == "milvus";
        CHECK(number("routes[].batch.batch_size", is_milvus) ==
              static_cast<double>(row->batch_size));
        CHECK(number("routes[].batch.bytes", is_milvus) == static_cast<double>(row->batch_bytes));
        CHECK(std::chrono::milliseconds(
                  static_cast<long>(number("routes[].batch.linger_ms", is_milvus))) == row->linger);
        CHECK(number("routes[].http.concurrency_max", is_milvus) ==
              static_cast<double>(row->concurrency_max));
    }
}

TEST_CASE("sections know their names in the table's order") {
    CHECK(names_in("") ==
          std::vector<std::string_view>{"kafka", "admin", "control", "log", "limits", "routes"});
    CHECK(names_in("routes[].http.tls") ==
          std::vector<std::string_view>{"ca", "certificate", "key", "verify"});
    CHECK(names_in("nothing").empty());
    CHECK(is_section("routes[].http"));
    CHECK(is_section(""));
    CHECK_FALSE(is_section("routes"));
    CHECK_FALSE(is_section("rout"));
}

TEST_CASE("what is allowed is said in words") {
    CHECK(allowed(*find_key("routes[].batch.batch_size")) == "a whole number from 1 to 100000");
    CHECK(allowed(*find_key("routes[].http.timeout_secs")) ==
          "a number of seconds from 0.01 to 3600");
    CHECK(allowed(*find_key("limits.memory")) == "a size from 2MiB to 1024GiB");
    CHECK(allowed(*find_key("limits.workers")) == "auto or a whole number from 1 to 64");
    CHECK(allowed(*find_key("routes[].source.order")) == "key, partition or none");
    CHECK(allowed(*find_key("routes[].record.format")) == "json");
}

}  // namespace
}  // namespace headrace::config
