#include "config/build.hpp"
#include "unit/config/fake_environment.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::config {
namespace {

struct Shape {
    std::string name = "r";
    std::string source = "topics: [t]";
    std::string more;
};

std::string with(std::vector<Shape> const& routes, std::string const& limits = "") {
    std::string text = "kafka: {bootstrap_servers: 'a:1'}\nlimits: {" + limits + "}\nroutes:\n";
    for (auto const& route : routes) {
        text += "  - name: " + route.name + "\n    source: {" + route.source +
                "}\n    destination: {type: milvus, url: 'http://m', collection: c}\n" + route.more;
    }
    return text;
}

std::string error(std::vector<Shape> const& routes, std::string const& limits = "") {
    return joined(errors_of(with(routes, limits)));
}

TEST_CASE("memory is divided equally among the routes without a share of their own") {
    auto const equal = good_config(with({{.name = "a"}, {.name = "b"}}, "memory: 64MiB"));
    CHECK(equal.routes[0].flow.memory_bytes == 32U << 20);
    CHECK(equal.routes[1].flow.memory_bytes == 32U << 20);
    auto const own = good_config(
        with({{.name = "a", .more = "    limits: {memory: 48MiB}\n"}, {.name = "b"}, {.name = "c"}},
             "memory: 64MiB"));
    CHECK(own.routes[0].flow.memory_bytes == 48U << 20);
    CHECK(own.routes[1].flow.memory_bytes == 8U << 20);
    CHECK(own.routes[2].source.prefetch_bytes == 2U << 20);
}

TEST_CASE("a share that is too small for four batches is refused") {
    CHECK(error({{.name = "a"}, {.name = "b"}}, "memory: 8MiB") ==
          "f:4:5: routes[0].limits.memory: the route's share of limits.memory is 4MiB, but must be "
          "at least 8MiB, the larger of 2MiB and 4 times batch.bytes (2MiB): raise limits.memory "
          "or lower batch.bytes\n"
          "f:7:5: routes[1].limits.memory: the route's share of limits.memory is 4MiB, but must be "
          "at least 8MiB, the larger of 2MiB and 4 times batch.bytes (2MiB): raise limits.memory "
          "or lower batch.bytes\n");
    CHECK(error({{.more = "    limits: {memory: 4MiB}\n"}}) ==
          "f:7:22: routes[0].limits.memory: is 4MiB, but must be at least 8MiB, the larger of 2MiB "
          "and 4 times batch.bytes (2MiB): raise it or lower batch.bytes\n");
    CHECK(error({{.more = "    limits: {memory: 2MiB}\n    batch: {bytes: 64KiB}\n"}}).empty());
    CHECK(error({{.name = "a", .more = "    limits: {memory: 200MiB}\n"},
                 {.name = "b", .more = "    limits: {memory: 57MiB}\n"}}) ==
          "f:2:9: limits.memory: is 256MiB, but the routes' own limits.memory come to 257MiB\n");
}

TEST_CASE("route names are unique") {
    auto const text = error({{.name = "a", .source = "topics: [t], group: g"},
                             {.name = "a", .source = "topics: [u], group: h"}});
    CHECK(text == "f:7:11: routes[1].name: is the name of routes[0] too: names must be unique\n");
}

TEST_CASE("two routes with one group must not read the same topics") {
    auto const pair = [](std::string const& first, std::string const& second) {
        return error({{.name = "a", .source = "group: g, topics: " + first},
                      {.name = "b", .source = "group: g, topics: " + second}});
    };
    auto const clash =
        "f:8:21: routes[1].source.group: is the group of routes[0] too, and their topics overlap: "
        "each would get only a part of the records; give each route its own group\n";
    CHECK(pair("[t, u]", "[u, v]") == clash);
    CHECK(pair("[t]", "['^t']") == clash);
    CHECK(pair("['^t']", "[t]") == clash);
    CHECK(pair("['^t']", "['^u']") == clash);
    CHECK(pair("[t]", "[u]").empty());
    CHECK(pair("[t]", "['^u']").empty());
    CHECK(error({{.name = "a"}, {.name = "b"}}).empty());
    CHECK(error({{.name = "a", .source = "topics: [t], group: g"},
                 {.name = "b", .source = "topics: [t], group: g, bootstrap_servers: 'other:1'"}})
              .empty());
}

TEST_CASE("two routes with one group need instance ids of their own") {
    CHECK(error({{.name = "a", .source = "topics: [t], group: g, instance_id: i"},
                 {.name = "b", .source = "topics: [u], group: g, instance_id: i"}})
              .find("routes[1].source.instance_id: is the instance_id of routes[0] too, in the "
                    "same group") != std::string::npos);
    CHECK(error({{.name = "a", .source = "topics: [t], instance_id: i"},
                 {.name = "b", .source = "topics: [t], instance_id: i"}})
              .empty());
}

}  // namespace
}  // namespace headrace::config
