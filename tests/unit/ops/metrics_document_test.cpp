#include "ops/metrics_document.hpp"

#include "exposition.hpp"
#include "ops/metrics.hpp"
#include "sample_routes.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fstream>
#include <sstream>
#include <string>

namespace headrace::ops {
namespace {

std::string read_file(std::string const& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

}  // namespace

TEST_CASE("every name that is exported stands in the document, with its type and labels") {
    auto const route = clicks_route();
    ProcessSample const process = read_process_sample();
    Exposition const out = parse_exposition(render_metrics({&route, 1}, process, "0.1.0"));
    std::string const document = metrics_markdown();
    for (auto const& [name, family] : out.families) {
        std::string labels;
        for (auto const& label : {"route", "destination", "topic", "partition", "reason", "limit",
                                  "state", "version", "result"}) {
            if (!family.samples.front().labels.contains(label)) continue;
            labels += (labels.empty() ? "" : ", ") + std::string(label);
        }
        std::string const row = "| `" + name + "` | " + family.type + " | " + labels + " | ";
        CAPTURE(row);
        CHECK(document.find(row) != std::string::npos);
        CHECK((family.type == "counter") == name.ends_with("_total"));
    }
}

TEST_CASE("docs/metrics.md is what the table says") {
    // Where it differs: run this program with "[write-docs]" and commit what it wrote.
    CHECK(read_file(HEADRACE_DOCS "/metrics.md") == metrics_markdown());
}

TEST_CASE("docs/metrics.md is written anew", "[.][write-docs]") {
    std::ofstream(HEADRACE_DOCS "/metrics.md", std::ios::binary) << metrics_markdown();
}

}  // namespace headrace::ops
