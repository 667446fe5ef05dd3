#include "config/config_manual.hpp"

#include "config/keys.hpp"
#include "config/manual_page.hpp"

namespace headrace::config {
namespace {

/// `routes[].batch` of `routes[].batch.bytes`.
std::string_view section_of(std::string_view path) {
    auto const dot = path.rfind('.');
    return dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
}

std::string text_of(Key const& key) {
    std::string text(key.meaning);
    text += " Value: " + allowed(key) + ".";
    if (key.is_required) text += " Required.";
    if (!key.milvus_preset.empty()) {
        text += " Default: `" + std::string(key.preset) + "`, for Milvus `" +
                std::string(key.milvus_preset) + "`.";
    } else if (!key.preset.empty()) {
        text += " Default: `" + std::string(key.preset) + "`.";
    }
    if (key.scope != Scope::any)
        text += key.scope == Scope::tecton ? " Tecton only." : " Milvus only.";
    return text;
}

void describe_values(ManualPage& page) {
    page.section("VALUES");
    page.paragraph(
        "Keys that end in `_ms` and `_secs` are numbers without a unit; `_secs` takes fractions. "
        "Sizes are a number of bytes, or one with `KiB`, `MiB` or `GiB`. Unknown keys, wrong types "
        "and unset variables are errors; all of them are reported at once, with line and column.");
    page.paragraph("Within a value these are replaced:");
    page.entry("${NAME}", "", "The environment variable; it must be set.");
    page.entry("${NAME:-DEFAULT}", "",
               "The environment variable, or the default if it is not set.");
    page.entry(
        "${file:PATH}", "",
        "The content of the file, a trailing newline cut. It is read again when it changes.");
    page.entry(
        "${credential:NAME}", "",
        "The file `NAME` in `$CREDENTIALS_DIRECTORY`, which systemd's LoadCredential fills. It "
        "stays as it is until the service is restarted.");
    page.paragraph("`$${` stands for `${`.");
}

void describe_keys(ManualPage& page) {
    page.section("KEYS");
    std::string_view section = "nothing yet";
    for (auto const& key : all_keys()) {
        if (section_of(key.path) != section) {
            section = section_of(key.path);
            page.subsection(section);
        }
        page.entry(key.path, "", text_of(key));
    }
}

}  // namespace

std::string config_manual(std::string_view date, std::string_view version,
                          std::string_view example) {
    ManualPage page({.name = "headrace.yaml", .section = 5, .date = date, .version = version});
    page.section("NAME");
    page.paragraph("headrace.yaml - configuration of headrace");
    page.section("DESCRIPTION");
    page.paragraph(
        "One YAML file says where `headrace`(1) reads, where it writes and how. It has a section "
        "for "
        "Kafka, sections for the process, and a list of routes: each reads topics in a consumer "
        "group "
        "of its own and writes to one destination.");
    page.paragraph(
        "`headrace validate` tells everything that is wrong with a file at once; `headrace "
        "print-config` shows it with all defaults filled in and secrets masked.");
    describe_values(page);
    describe_keys(page);
    page.section("FILES");
    page.entry("/etc/headrace/headrace.yaml", "", "The configuration of the service.");
    page.entry("/usr/share/headrace/headrace.schema.json", "", "A JSON Schema, for editors.");
    page.section("EXAMPLES");
    page.literal(example);
    page.section("SEE ALSO");
    page.paragraph("`headrace`(1)");
    return page.text();
}

}  // namespace headrace::config
