#include "config/keys.hpp"
#include "unit/config/fake_environment.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

namespace headrace::config {
namespace {

std::filesystem::path const folder = std::filesystem::path(HEADRACE_SOURCE_DIR) / "config";

std::string content(std::filesystem::path const& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

FakeEnvironment environment() {
    FakeEnvironment fake;
    fake.set("HOSTNAME", "host-1");
    fake.set("TECTON_COPY_KEY", "k");
    fake.set("CREDENTIALS_DIRECTORY", "/credentials");
    for (auto const* const name :
         {"tecton-key", "kafka-password", "proxy-password", "milvus-password"}) {
        fake.write("/etc/headrace/" + std::string(name), "secret\n");
    }
    fake.write("/credentials/milvus-token", "root:Milvus\n");
    return fake;
}

TEST_CASE("every example file is a good configuration") {
    std::set<std::string> seen;
    for (auto const& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() != ".yaml") continue;
        auto const name = entry.path().filename().string();
        INFO(name);
        seen.insert(name);
        CHECK(joined(errors_of(content(entry.path()), environment())).empty());
    }
    CHECK(seen.size() == 5);
    CHECK(seen.contains("headrace.yaml"));
}

TEST_CASE(
    "the package's configuration is good before anybody has edited it, and talks to nobody else") {
    auto const text = content(folder.parent_path() / "deploy/debian/headrace.yaml");
    auto const config = good_config(text);
    CHECK(config.control.socket == "/run/headrace/control.sock");
    for (auto const& route : config.routes) {
        CHECK(route.source.bootstrap_servers == "localhost:9092");
        CHECK(route.requests().client.url.host == "localhost");
    }
}

TEST_CASE("the quick start is ten lines") {
    auto const text = content(folder / "tecton-quickstart.yaml");
    CHECK(std::count(text.begin(), text.end(), '\n') == 10);
}

TEST_CASE("the full example names every key") {
    auto const text = content(folder / "headrace.yaml");
    for (auto const& key : all_keys()) {
        auto const name = std::string(key.path.substr(key.path.rfind('.') + 1));
        INFO(key.path);
        CHECK(text.find(name + ":") != std::string::npos);
    }
}

}  // namespace
}  // namespace headrace::config
