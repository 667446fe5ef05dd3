#include "config/named_files.hpp"

#include "unit/config/fake_environment.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::config {
namespace {

TEST_CASE("the folders of every file that a configuration names, each once") {
    FakeEnvironment environment;
    for (auto const* const path : {"/keys/one", "/keys/two", "/kafka/password", "/tls/ca.pem"})
        environment.write(path, "x\n");
    auto const config = good_config(
        "kafka: {bootstrap_servers: 'a:1', properties: {sasl.password: "
        "'${file:/kafka/password}'}}\n"
        "routes:\n  - name: a\n    source: {topics: [a]}\n"
        "    destination: {type: tecton, instance: i, api_key: '${file:/keys/one}', "
        "workspace_name: w, stream_source_name: s}\n"
        "    http: {headers: {X: '${file:/keys/two}'}, tls: {ca: /tls/ca.pem}}\n",
        environment);
    CHECK(folders_of("/etc/headrace/headrace.yaml", config) ==
          std::set<std::string>{"/etc/headrace", "/kafka", "/keys", "/tls"});
}

TEST_CASE("a file without a folder stands in the present one") {
    CHECK(folders_of("headrace.yaml", {}) == std::set<std::string>{"."});
    CHECK(folders_of("/headrace.yaml", {}) == std::set<std::string>{"/"});
    CHECK(folders_of("", {}).empty());
}

}  // namespace
}  // namespace headrace::config
