// The alert rules and the dashboard against the daemon that they are for: every name, label and
// state that they ask for is in a scrape of it, and every alert has its runbook and its cases.
#include "harness/mock_scene.hpp"
#include "ops/exposition.hpp"
#include "promql.hpp"

#include <catch2/catch_test_macros.hpp>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>
#include <sstream>

namespace headrace::monitoring {
namespace {

std::string const root = HEADRACE_SOURCE_ROOT;
std::string const rules_file = root + "/deploy/prometheus/headrace.rules.yml";
std::string const cases_file = root + "/tests/monitoring/headrace.rules.test.yml";
std::string const dashboard_file = root + "/deploy/grafana/headrace.json";
std::string const operations_file = root + "/docs/operations.md";

/// What a scraper adds.
std::set<std::string> const target_labels{"namespace", "job", "instance", "le"};

std::string read(std::string const& path) {
    std::ifstream in(path, std::ios::binary);
    REQUIRE(in);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

/// The series that may be asked for: name, label, values.
using Series = std::map<std::string, std::map<std::string, std::set<std::string>>>;

/// A daemon with a route that reads: its scrape has every series.
Series scrape_a_daemon() {
    integration::MockScene scene;
    scene.feed_clicks(0, 20);
    integration::RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config());
    REQUIRE(daemon.has_started());
    scene.until_through(daemon);
    Series series{{"up", {}}};
    auto const scrape = ops::parse_exposition(daemon.get("/metrics").body);
    for (auto const& [name, family] : scrape.families) {
        for (auto const& sample : family.samples) {
            auto& labels = series[sample.name];
            for (auto const& [label, value] : sample.labels)
                labels[label].insert(value);
        }
    }
    CHECK(daemon.terminate() == 0);
    return series;
}

Series const& series() {
    static Series const scraped = scrape_a_daemon();
    return scraped;
}

bool is_word(std::string const& text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return std::islower(c) != 0 || c == '_'; });
}

/// What a matcher asks for that no series has; empty if all is there.
std::string trouble_with(Matcher const& matcher,
                         std::map<std::string, std::set<std::string>> const& labels) {
    auto const label = labels.find(matcher.label);
    if (label == labels.end())
        return target_labels.contains(matcher.label) ? "" : "no label " + matcher.label;
    std::istringstream words(matcher.value);
    for (std::string word; std::getline(words, word, '|');) {
        if (is_word(word) && !label->second.contains(word))
            return matcher.label + " is never " + word;
    }
    return "";
}

/// What is wrong with an expression, each as a sentence.
std::vector<std::string> troubles(std::string const& expression, Series const& known) {
    std::vector<std::string> out;
    auto const query = read_query(expression);
    std::set<std::string> labels = target_labels;
    for (auto const& selector : query.selectors) {
        auto const found = known.find(selector.name);
        if (found == known.end()) {
            out.push_back("no series " + selector.name);
            continue;
        }
        for (auto const& [label, values] : found->second)
            labels.insert(label);
        for (auto const& matcher : selector.matchers) {
            if (auto text = trouble_with(matcher, found->second); !text.empty())
                out.push_back(selector.name + ": " + text);
        }
    }
    for (auto const& label : query.grouping) {
        if (!labels.contains(label)) out.push_back("groups by " + label + ", which nothing has");
    }
    return out;
}

std::vector<YAML::Node> rules() {
    std::vector<YAML::Node> out;
    for (auto const& group : YAML::LoadFile(rules_file)["groups"]) {
        for (auto const& rule : group["rules"])
            out.push_back(rule);
    }
    return out;
}

/// What is recorded is a series too, with the labels that its rule groups by.
Series with_recorded(Series known) {
    for (auto const& rule : rules()) {
        if (!rule["record"]) continue;
        auto& labels = known[rule["record"].as<std::string>()];
        for (auto const& label : read_query(rule["expr"].as<std::string>()).grouping)
            labels[label];
    }
    return known;
}

std::vector<std::string> expressions_of_the_dashboard() {
    std::vector<std::string> out;
    auto const dashboard = YAML::LoadFile(dashboard_file);
    for (auto const& panel : dashboard["panels"]) {
        for (auto const& target : panel["targets"])
            out.push_back(target["expr"].as<std::string>());
    }
    for (auto const& annotation : dashboard["annotations"]["list"])
        out.push_back(annotation["expr"].as<std::string>());
    return out;
}

std::string in_lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

}  // namespace

TEST_CASE("all that the alert rules ask for is in a scrape of the running daemon") {
    auto const known = with_recorded(series());
    for (auto const& rule : rules()) {
        auto const expression = rule["expr"].as<std::string>();
        INFO(expression);
        CHECK(troubles(expression, known) == std::vector<std::string>{});
    }
}

TEST_CASE("all that the dashboard asks for is in a scrape of the running daemon") {
    auto const expressions = expressions_of_the_dashboard();
    CHECK(expressions.size() > 30);
    for (auto const& expression : expressions) {
        INFO(expression);
        CHECK(troubles(expression, series()) == std::vector<std::string>{});
    }
}

TEST_CASE("a name, a label, a value or a grouping that no scrape has is found") {
    CHECK(troubles("rate(headrace_records_wrote_total[5m])", series()) ==
          std::vector<std::string>{"no series headrace_records_wrote_total"});
    CHECK(troubles("headrace_route_state{status=\"blocked\"}", series()) ==
          std::vector<std::string>{"headrace_route_state: no label status"});
    CHECK(troubles("headrace_route_state{state=~\"blocked|halted\"}", series()) ==
          std::vector<std::string>{"headrace_route_state: state is never halted"});
    CHECK(troubles("sum by (topic) (headrace_records_in_flight)", series()) ==
          std::vector<std::string>{"groups by topic, which nothing has"});
    CHECK(troubles("sum by (le) (rate(headrace_write_duration_seconds_bucket[5m]))", series())
              .empty());
}

TEST_CASE("every alert has a severity, a summary, and a runbook that is there") {
    auto const operations = read(operations_file);
    std::size_t alerts = 0;
    for (auto const& rule : rules()) {
        if (!rule["alert"]) continue;
        ++alerts;
        auto const name = rule["alert"].as<std::string>();
        INFO(name);
        auto const severity = rule["labels"]["severity"].as<std::string>();
        CHECK((severity == "critical" || severity == "warning"));
        CHECK(rule["annotations"]["summary"].as<std::string>().size() > 20);
        CHECK(rule["annotations"]["description"].as<std::string>().size() > 60);
        CHECK(rule["annotations"]["runbook_url"].as<std::string>() ==
              "docs/operations.md#" + in_lower_case(name));
        CHECK(operations.find("\n### " + name + "\n") != std::string::npos);
    }
    std::size_t runbooks = 0;
    for (auto at = operations.find("\n### Headrace"); at != std::string::npos;
         at = operations.find("\n### Headrace", at + 1)) {
        ++runbooks;
    }
    CHECK(runbooks == alerts);
}

TEST_CASE("every alert fires in one of its cases and is silent in another") {
    std::map<std::string, int> fires;
    std::map<std::string, int> is_silent;
    for (auto const& test : YAML::LoadFile(cases_file)["tests"]) {
        auto const name = test["name"].as<std::string>();
        if (auto const at = name.find(" is silent"); at != std::string::npos)
            ++is_silent[name.substr(0, at)];
        for (auto const& moment : test["promql_expr_test"]) {
            for (auto const& sample : moment["exp_samples"]) {
                auto labels = read_query("x" + sample["labels"].as<std::string>());
                for (auto const& matcher : labels.selectors.at(0).matchers)
                    if (matcher.label == "alertname") ++fires[matcher.value];
            }
        }
    }
    for (auto const& rule : rules()) {
        if (!rule["alert"]) continue;
        auto const name = rule["alert"].as<std::string>();
        INFO(name);
        CHECK(fires[name] > 0);
        CHECK(is_silent[name] > 0);
    }
}

TEST_CASE("every panel says what to do, has a number of its own and asks the chosen source") {
    auto const dashboard = YAML::LoadFile(dashboard_file);
    std::set<int> ids;
    std::set<std::string> variables;
    for (auto const& variable : dashboard["templating"]["list"])
        variables.insert(variable["name"].as<std::string>());
    CHECK(variables == std::set<std::string>{"datasource", "instance", "job", "route"});
    for (auto const& panel : dashboard["panels"]) {
        auto const title = panel["title"].as<std::string>();
        INFO(title);
        CHECK(ids.insert(panel["id"].as<int>()).second);
        if (panel["type"].as<std::string>() == "row") continue;
        CHECK(panel["description"].as<std::string>().size() > 30);
        CHECK(panel["targets"].size() > 0);
        for (auto const& target : panel["targets"])
            CHECK(target["datasource"]["uid"].as<std::string>() == "${datasource}");
    }
}

}  // namespace headrace::monitoring
