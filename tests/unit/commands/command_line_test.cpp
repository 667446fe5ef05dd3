#include "commands/command_line.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <initializer_list>
#include <vector>

using namespace headrace::commands;

namespace {

CommandLine parse(std::initializer_list<char const*> arguments) {
    std::vector<char const*> argv{"headrace"};
    argv.insert(argv.end(), arguments);
    return parse_command_line(static_cast<int>(argv.size()), argv.data());
}

Told told(std::initializer_list<char const*> arguments) {
    auto const parsed = parse(arguments);
    REQUIRE(std::holds_alternative<Told>(parsed));
    return std::get<Told>(parsed);
}

}  // namespace

TEST_CASE("each command is read with its options") {
    CHECK(std::get<RunCommand>(parse({"run", "--config", "a.yaml"})).config == "a.yaml");
    CHECK_FALSE(std::get<ValidateCommand>(parse({"validate", "--config", "a.yaml"})).connect);
    CHECK(std::get<ValidateCommand>(parse({"validate", "--config=a.yaml", "--connect"})).connect);
    CHECK(std::get<PrintConfigCommand>(parse({"print-config", "--config", "a.yaml"})).config ==
          "a.yaml");
    CHECK(std::get<DemoCommand>(parse({"demo"})).records == 0);
    CHECK(std::get<DemoCommand>(parse({"demo", "--records", "20"})).records == 20);
    auto const emulator = std::get<EmulatorCommand>(parse({"emulator", "--tecton", "0"}));
    CHECK(emulator.tecton_port == 0);
    CHECK(emulator.milvus_port == -1);
    CHECK(emulator.listen == "127.0.0.1");
    auto const open = parse({"emulator", "--tecton", "0", "--listen", "0.0.0.0"});
    CHECK(std::get<EmulatorCommand>(open).listen == "0.0.0.0");
}

TEST_CASE("a health check is read with its address, also from the environment") {
    auto const plain = std::get<HealthcheckCommand>(parse({"healthcheck"}));
    CHECK_FALSE(plain.ready);
    CHECK(plain.admin.empty());
    auto const given = std::get<HealthcheckCommand>(
        parse({"healthcheck", "--ready", "--admin", "[::1]:9464", "--config", "a.yaml"}));
    CHECK(given.ready);
    CHECK(given.admin == "[::1]:9464");
    CHECK(given.config == "a.yaml");
    REQUIRE(setenv("HEADRACE_ADMIN", "127.0.0.1:1", 1) == 0);
    auto const from_environment = std::get<HealthcheckCommand>(parse({"healthcheck"}));
    unsetenv("HEADRACE_ADMIN");
    CHECK(from_environment.admin == "127.0.0.1:1");
}

TEST_CASE("a command to a route is read with its action and the socket") {
    using headrace::flow::RouteAction;
    auto const pause = std::get<RouteCommand>(parse({"route", "pause", "clicks"}));
    CHECK(pause.action == RouteAction::pause);
    CHECK(pause.route == "clicks");
    CHECK(pause.control == "/run/headrace/control.sock");
    auto const drain =
        std::get<RouteCommand>(parse({"route", "drain", "docs", "--control", "/tmp/c"}));
    CHECK(drain.action == RouteAction::drain);
    CHECK(drain.control == "/tmp/c");
    auto const resume = std::get<RouteCommand>(parse({"route", "--control=/tmp/d", "resume", "x"}));
    CHECK(resume.action == RouteAction::resume);
    CHECK(resume.control == "/tmp/d");
    REQUIRE(setenv("HEADRACE_CONTROL", "/from/environment", 1) == 0);
    auto const from_environment = std::get<RouteCommand>(parse({"route", "pause", "clicks"}));
    unsetenv("HEADRACE_CONTROL");
    CHECK(from_environment.control == "/from/environment");
    for (auto const& wrong : {told({"route"}), told({"route", "pause"}),
                              told({"route", "stop", "x"}), told({"route", "pause", "a", "b"})}) {
        CHECK(wrong.exit_code == exit_usage);
    }
}

TEST_CASE("help and version go to standard output with exit code 0, for every command") {
    for (auto const* const command :
         {"run", "validate", "print-config", "demo", "emulator", "healthcheck"}) {
        auto const help = told({command, "--help"});
        CHECK(help.exit_code == 0);
        CHECK_FALSE(help.is_error);
        CHECK(help.text.find("--") != std::string::npos);
    }
    CHECK(told({"--version"}).text.starts_with("headrace "));
    CHECK(told({"--help"}).text.find("print-config") != std::string::npos);
}

TEST_CASE("wrong usage is 64, on standard error") {
    for (auto const& wrong :
         {told({}), told({"fly"}), told({"run"}), told({"run", "--config", "a", "--fast"}),
          told({"demo", "--records", "0"}), told({"demo", "--records", "many"}), told({"emulator"}),
          told({"emulator", "--tecton", "70000"}),
          told({"emulator", "--tecton", "0", "--listen", "everywhere"})}) {
        CHECK(wrong.exit_code == exit_usage);
        CHECK(wrong.is_error);
        CHECK_FALSE(wrong.text.empty());
    }
}

TEST_CASE("an option may come from the environment") {
    REQUIRE(setenv("HEADRACE_CONFIG", "from-environment.yaml", 1) == 0);
    auto const parsed = parse({"run"});
    auto const given = parse({"run", "--config", "given.yaml"});
    unsetenv("HEADRACE_CONFIG");
    CHECK(std::get<RunCommand>(parsed).config == "from-environment.yaml");
    CHECK(std::get<RunCommand>(given).config == "given.yaml");
}
