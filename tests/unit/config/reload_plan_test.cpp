#include "config/reload_plan.hpp"

#include "unit/config/fake_environment.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::config {
namespace {

using Names = std::vector<std::string>;

/// A route `name` to Tecton, with `more` lines indented by four.
std::string route(std::string const& name, std::string const& more = {},
                  std::string const& source = {}) {
    return "  - name: " + name + "\n    source: {topics: [" + name + "]" + source +
           "}\n    destination: {type: tecton, instance: acme, api_key: '${file:/key}', "
           "workspace_name: w, stream_source_name: s}\n" +
           more;
}

struct World {
    World() {
        environment.write("/key", "one\n");
        environment.write("/team", "red\n");
        environment.write("/ca.pem", "ca\n");
        environment.write("/proxy", "http://user:one@proxy:3128\n");
    }

    [[nodiscard]] Config config(std::string const& routes, std::string const& shared = {}) const {
        return good_config("kafka: {bootstrap_servers: 'a:1'}\n" + shared + "routes:\n" + routes,
                           environment);
    }
    [[nodiscard]] ReloadPlan plan(std::string const& running, std::string const& next) const {
        return plan_reload(config(running), config(next));
    }

    FakeEnvironment environment;
};

TEST_CASE("a configuration that is the same again changes nothing") {
    World const world;
    auto const text = route("a",
                            "    http: {headers: {X: '${file:/team}'}, tls: {ca: /ca.pem}, "
                            "proxy: '${file:/proxy}'}\n") +
                      route("b");
    auto const plan = world.plan(text, text);
    CHECK(plan.unchanged == Names{"a", "b"});
    CHECK(plan.changed.empty());
    CHECK(plan.added.empty());
    CHECK(plan.removed.empty());
    CHECK(plan.starts.empty());
    CHECK_FALSE(plan.changes_log);
    CHECK(plan.at_restart.empty());
    CHECK(describe(plan) == "no route changed");
    CHECK(describe_at_restart(plan.at_restart).empty());
}

TEST_CASE("a route whose text is written otherwise but means the same runs on") {
    World const world;
    CHECK(world.plan(route("a"), route("a", "    batch: {batch_size: 10, linger_ms: 50}\n"))
              .unchanged == Names{"a"});
}

TEST_CASE("a file that is followed may change beneath a running route") {
    World world;
    auto const text = route("a",
                            "    http: {headers: {X: '${file:/team}'}, tls: {ca: /ca.pem}, "
                            "proxy: '${file:/proxy}'}\n");
    auto const running = world.config(text);
    world.environment.write("/key", "two\n");
    world.environment.write("/team", "green\n");
    world.environment.write("/ca.pem", "another\n");
    world.environment.write("/proxy", "http://user:two@elsewhere:3128\n");
    CHECK(plan_reload(running, world.config(text)).unchanged == Names{"a"});
}

TEST_CASE("another file, or a value in place of a file, is another route") {
    World world;
    world.environment.write("/other", "one\n");
    auto const running = route("a");
    auto const with_key = [&](std::string const& key) {
        auto text = running;
        return text.replace(text.find("${file:/key}"), std::string("${file:/key}").size(), key);
    };
    CHECK(world.plan(running, with_key("${file:/other}")).changed == Names{"a"});
    CHECK(world.plan(running, with_key("one")).changed == Names{"a"});
    CHECK(world.plan(with_key("one"), with_key("two")).changed == Names{"a"});
    CHECK(world.plan(with_key("one"), with_key("one")).unchanged == Names{"a"});
    auto const with_tls = [](std::string const& file) {
        return route("a", "    http: {tls: {ca: " + file + "}}\n");
    };
    CHECK(world.plan(with_tls("/ca.pem"), with_tls("/team")).changed == Names{"a"});
}

TEST_CASE("a value from a file that is read once makes another route when the file changed") {
    World world;
    auto const text = route("a", {}, ", group: 'g-${file:/team}'");
    auto const running = world.config(text);
    world.environment.write("/team", "green\n");
    CHECK(plan_reload(running, world.config(text)).changed == Names{"a"});
}

TEST_CASE("a file that librdkafka reads once makes another route when it may have changed") {
    World world;
    auto const text =
        route("a", {}, ", properties: {security.protocol: ssl, ssl.ca.location: /ca.pem}");
    auto const running = world.config(text);
    CHECK(plan_reload(running, world.config(text)).unchanged == Names{"a"});
    world.environment.write("/ca.pem", "another\n");
    CHECK(plan_reload(running, world.config(text)).changed == Names{"a"});
}

TEST_CASE("every section of a route makes it another one") {
    World const world;
    for (std::string const more : {
             "    batch: {batch_size: 9}\n",
             "    batch: {linger_ms: 51}\n",
             "    batch: {bytes: 2MiB}\n",
             "    retry: {max_retries: 4}\n",
             "    retry: {blocked_probe_ms: 4999}\n",
             "    rate_limit: {records_per_sec: 10}\n",
             "    dead_letters: {topic: dead}\n",
             "    record: {on_tombstone: skip}\n    http: {timeout_secs: 7}\n",
             "    http: {concurrency: 4}\n",
             "    http: {compression: gzip}\n",
             "    http: {headers: {X: y}}\n",
             "    http: {tls: {verify: false}}\n",
             "    http: {proxy: 'http://p:1'}\n",
         }) {
        INFO(more);
        CHECK(world.plan(route("a"), route("a", more)).changed == Names{"a"});
    }
    for (std::string const source :
         {", order: none", ", group: g", ", start: latest", ", instance_id: i",
          ", commit_interval_ms: 99", ", revoke_drain_secs: 6", ", properties: {client.id: x}"}) {
        INFO(source);
        CHECK(world.plan(route("a"), route("a", {}, source)).changed == Names{"a"});
    }
}

TEST_CASE("a change of the shared kafka section changes every route") {
    World const world;
    auto const running = world.config(route("a") + route("b"));
    auto const next =
        good_config("kafka: {bootstrap_servers: 'b:1'}\nroutes:\n" + route("a") + route("b"),
                    world.environment);
    CHECK(plan_reload(running, next).changed == Names{"a", "b"});
}

TEST_CASE("routes come and go by name, whatever their order") {
    World const world;
    auto const plan =
        world.plan(route("a") + route("b") + route("c"),
                   route("d") + route("c", "    batch: {batch_size: 5}\n") + route("a"));
    CHECK(plan.unchanged == Names{"a"});
    CHECK(plan.changed == Names{"c"});
    CHECK(plan.added == Names{"d"});
    CHECK(plan.removed == Names{"b"});
    CHECK(describe(plan) == "1 route changed (c), 1 added (d), 1 removed (b), 1 unchanged");
}

TEST_CASE(
    "a changed route starts after its own old form, an added one after all that were removed") {
    World const world;
    auto const plan = world.plan(route("a") + route("b") + route("c"),
                                 route("a", "    batch: {batch_size: 5}\n") + route("d"));
    auto const& starts = plan.starts;
    REQUIRE(starts.size() == 2);
    CHECK(starts[0].index == 0);
    CHECK(starts[0].after == Names{"a"});
    CHECK(starts[1].index == 1);
    CHECK(starts[1].after == Names{"b", "c"});
}

TEST_CASE("a route that takes over another's group starts after that one has left") {
    World const world;
    auto const plan = world.plan(route("a", {}, ", group: one") + route("b", {}, ", group: two"),
                                 route("a", {}, ", group: two") + route("b", {}, ", group: one"));
    auto const& starts = plan.starts;
    REQUIRE(starts.size() == 2);
    CHECK(starts[0].after == Names{"a", "b"});
    CHECK(starts[1].after == Names{"a", "b"});
}

TEST_CASE("a route whose share of the memory changes runs on while its prefetch fits") {
    World const world;
    auto const one = route("a");
    auto const two = one + route("b");
    CHECK(world.plan(one, two).unchanged == Names{"a"});
    CHECK(world.plan(two, one).unchanged == Names{"a"});
    // A quarter of the first share was given to librdkafka for good.
    auto const three = two + route("c");
    CHECK(world.plan(one, three).changed == Names{"a"});
    CHECK(world.plan(two, three).unchanged == Names{"a", "b"});
}

TEST_CASE("limits and the log take effect without another route; three keys need a restart") {
    World const world;
    auto const running = world.config(route("a"));
    auto const changed = [&](std::string const& shared) {
        auto plan = plan_reload(running, world.config(route("a"), shared));
        CHECK(plan.unchanged == Names{"a"});
        return plan;
    };
    CHECK(changed("limits: {memory: 200MiB}\n").at_restart.empty());
    CHECK(changed("limits: {drain_secs: 3}\n").at_restart.empty());
    CHECK(changed("limits: {uncommitted_records_max: 5}\n").at_restart.empty());
    CHECK(changed("limits: {workers: 3}\n").at_restart == Names{"limits.workers"});
    CHECK(changed("admin: {listen: '127.0.0.1:1'}\n").at_restart == Names{"admin.listen"});
    CHECK(changed("control: {socket: /s}\n").at_restart == Names{"control.socket"});
    CHECK(changed("log: {level: warn}\n").changes_log);
    CHECK(changed("log: {format: json}\n").changes_log);
    CHECK(describe(changed("log: {level: warn}\n")) == "the log changed, no route did");
    CHECK(describe_at_restart({"admin.listen", "limits.workers"}) ==
          "takes effect at the next restart: admin.listen, limits.workers");
}

TEST_CASE("a plan is told in one sentence") {
    CHECK(describe({.changed = {"a", "b"}}) == "2 routes changed (a, b)");
    CHECK(describe({.added = {"a"}}) == "1 route added (a)");
    CHECK(describe({.unchanged = {"x", "y"}, .removed = {"a"}}) ==
          "1 route removed (a), 2 unchanged");
}

}  // namespace
}  // namespace headrace::config
