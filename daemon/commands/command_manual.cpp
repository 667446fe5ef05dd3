#include "commands/command_manual.hpp"

#include "config/manual_page.hpp"

namespace headrace::commands {
namespace {

std::string with_full_stop(std::string text) {
    if (!text.empty() && !text.ends_with('.')) text += '.';
    return text;
}

std::string text_of(OptionDescription const& option) {
    auto text = with_full_stop(option.meaning);
    if (option.is_required && !option.is_argument) text += " Required.";
    if (!option.preset.empty()) text += " Default: `" + option.preset + "`.";
    if (!option.variable.empty()) text += " Environment: `" + option.variable + "`.";
    return text;
}

/// `headrace route --control SOCKET pause NAME`
std::string usage(std::string const& path, CommandDescription const& command) {
    auto text = path;
    for (auto const& option : command.options) {
        if (option.name == "--help" || option.name == "--version") continue;
        auto const shown = option.value.empty() ? option.name : option.name + " " + option.value;
        text += option.is_required ? " " + shown : " [" + shown + "]";
    }
    return text;
}

void describe(config::ManualPage& page, std::string const& path,
              CommandDescription const& command) {
    page.subsection(usage(path, command));
    page.paragraph(with_full_stop(command.meaning));
    for (auto const& option : command.options) {
        if (option.name != "--help") page.entry(option.name, option.value, text_of(option));
    }
    for (auto const& inner : command.commands) {
        describe(page, path + " " + inner.name, inner);
    }
}

void describe_exit_codes(config::ManualPage& page) {
    page.section("EXIT STATUS");
    page.entry("0", "", "Done, or drained cleanly.");
    page.entry("1", "", "An unclean drain, a failed start, or what was asked for failed.");
    page.entry("64", "", "Wrong usage.");
    page.entry("78", "", "The configuration is wrong; every error stands on standard error.");
}

void describe_signals(config::ManualPage& page) {
    page.section("SIGNALS");
    page.entry(
        "SIGTERM, SIGINT", "",
        "`headrace run` drains: it reads no more, gives back what was never sent, waits for "
        "requests that were, commits and leaves the group, all within `limits.drain_secs`. A "
        "second one ends it at once.");
    page.entry("SIGHUP", "", "Reads the configuration again; see `headrace.yaml`(5).");
}

}  // namespace

std::string command_manual(CommandDescription const& tree, std::string_view date,
                           std::string_view version) {
    config::ManualPage page({.name = "headrace", .section = 1, .date = date, .version = version});
    page.section("NAME");
    page.paragraph("headrace - loss-free streaming ingest from Kafka to Tecton and Milvus");
    page.section("SYNOPSIS");
    page.paragraph("`headrace` COMMAND [OPTION...]");
    page.section("DESCRIPTION");
    page.paragraph(
        tree.meaning +
        " Records are read in consumer groups, batched, and written over HTTP; only what "
        "the destination or a dead-letter topic has taken is committed.");
    page.section("OPTIONS");
    for (auto const& option : tree.options) {
        page.entry(option.name, option.value, text_of(option));
    }
    page.section("COMMANDS");
    for (auto const& command : tree.commands) {
        describe(page, tree.name + " " + command.name, command);
    }
    describe_exit_codes(page);
    page.section("ENVIRONMENT");
    page.paragraph(std::string(environment_rule) +
                   " What is given on the command line counts more.");
    describe_signals(page);
    page.section("FILES");
    page.entry("/etc/headrace/headrace.yaml", "", "The configuration of the service.");
    page.entry("/run/headrace/control.sock", "",
               "The control socket, if the configuration names it in `control.socket`.");
    page.section("EXAMPLES");
    page.paragraph("See the whole of it work, with Kafka, Tecton and Milvus played inside:");
    page.literal("headrace demo --records 2000\n");
    page.paragraph("Check a configuration, its brokers and its destinations, then run it:");
    page.literal(
        "headrace validate --config clicks.yaml --connect\nheadrace run --config clicks.yaml\n");
    page.section("SEE ALSO");
    page.paragraph("`headrace.yaml`(5)");
    return page.text();
}

}  // namespace headrace::commands
