#include "config/config_manual.hpp"

#include "config/keys.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

namespace headrace::config {
namespace {

std::string page() {
    auto text = config_manual("2026-01-02", "1.0", "kafka: {}\n");
    // The pages escape every dash; names are easier to find without.
    std::erase(text, '\\');
    return text;
}

TEST_CASE("headrace.yaml(5) has an entry for every key, with its meaning and default") {
    auto const text = page();
    for (auto const& key : all_keys()) {
        INFO(key.path);
        auto const at = text.find("fB" + std::string(key.path) + "fR\n");
        REQUIRE(at != std::string::npos);
        auto const entry = text.substr(at, text.find(".TP", at) - at);
        CHECK(entry.find("Value: ") != std::string::npos);
        if (!key.preset.empty())
            CHECK(entry.find("Default: fB" + std::string(key.preset)) != std::string::npos);
        CHECK((entry.find("Required.") != std::string::npos) >= key.is_required);
    }
}

TEST_CASE("headrace.yaml(5) ends with the example") {
    CHECK(page().find(".nf\nkafka: {}\n.fi") != std::string::npos);
}

}  // namespace
}  // namespace headrace::config
