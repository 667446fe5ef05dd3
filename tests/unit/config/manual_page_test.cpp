#include "config/manual_page.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::config {
namespace {

ManualPage empty_page() {
    return ManualPage({.name = "toy", .section = 1, .date = "2026-01-02", .version = "1.0"});
}

std::string after_title(ManualPage const& page) {
    return page.text().substr(empty_page().text().size());
}

TEST_CASE("a manual page opens with its title") {
    CHECK(empty_page().text().ends_with(
        ".TH TOY 1 \"2026-01-02\" \"Headrace 1.0\" \"Headrace manual\"\n"));
}

TEST_CASE("text in a manual page stands for itself") {
    auto page = empty_page();
    page.section("NAME");
    page.paragraph("a-b \\n it's `bold` ^~. Next. .dot\n.SH FORGED");
    CHECK(after_title(page) ==
          ".SH NAME\na\\-b \\en it\\(aqs \\fBbold\\fR \\(ha\\(ti.\nNext.\n\\&.dot\n"
          "\\&.SH FORGED\n");
}

TEST_CASE("paragraphs are parted, but not from their heading") {
    auto page = empty_page();
    page.subsection("x");
    page.paragraph("One.");
    page.paragraph("Two.");
    page.section("E");
    page.literal("a: 1\n");
    CHECK(after_title(page) == ".SS x\nOne.\n.PP\nTwo.\n.SH E\n.RS 4\n.nf\na: 1\n.fi\n.RE\n");
}

TEST_CASE("an entry is a tagged paragraph") {
    auto page = empty_page();
    page.entry("--config", "FILE", "The file.");
    CHECK(after_title(page) == ".TP\n\\fB\\-\\-config\\fR \\fIFILE\\fR\nThe file.\n");
}

}  // namespace
}  // namespace headrace::config
