#include "emulator/control.hpp"

#include "emulator/json_text.hpp"
#include "requests.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::emulator {
namespace {

using test::at_ms;
using test::request;

http::ServerResponse ask(FaultSchedule& faults, std::string method, std::string target,
                         std::string body = {}) {
    return control_faults(faults, request(std::move(method), std::move(target), std::move(body)),
                          at_ms(0).at);
}

}  // namespace

TEST_CASE("fault rules are added one or many, listed and removed") {
    FaultSchedule faults(1);
    std::string const page = "/_emulator/faults";
    CHECK(ask(faults, "POST", page, R"({"kind":"status"})").body == R"({"ids":[1]})");
    CHECK(ask(faults, "POST", page, R"([{"kind":"reset"},{"kind":"stall"}])").body ==
          R"({"ids":[2,3]})");
    CHECK(ask(faults, "GET", page).body.find(R"("kind":"stall")") != std::string::npos);
    CHECK(ask(faults, "DELETE", page + "?id=2").status == 200);
    CHECK(ask(faults, "DELETE", page + "?id=2").status == 404);
    CHECK(ask(faults, "DELETE", page + "?id=x").status == 404);
    CHECK(faults.entries().size() == 2);
    CHECK(ask(faults, "DELETE", page).status == 200);
    CHECK(faults.entries().empty());
    CHECK(ask(faults, "PUT", page).status == 405);
}

TEST_CASE("a list with one wrong rule adds none, and rules have a limit") {
    FaultSchedule faults(1);
    std::string const page = "/_emulator/faults";
    CHECK(ask(faults, "POST", page, R"([{"kind":"reset"},{"kind":"?"}])").status == 400);
    CHECK(ask(faults, "POST", page, "{").status == 400);
    CHECK(faults.entries().empty());
    std::string many = "[";
    for (int i = 0; i < 1001; ++i) {
        many += R"({"kind":"reset"},)";
    }
    many.back() = ']';
    CHECK(ask(faults, "POST", page, many).status == 400);
}

TEST_CASE("numbers in the query have a default and a limit") {
    auto const asked = request("GET", "/x?a=5&b=99&c=z");
    CHECK(query_number(asked, "a", 1, 10) == 5);
    CHECK(query_number(asked, "b", 1, 10) == 10);
    CHECK(query_number(asked, "c", 1, 10) == 1);
    CHECK(query_number(asked, "d", 1, 10) == 1);
}

TEST_CASE("ids are told with what is missing of a range") {
    IdTally ids;
    ids.add(std::int64_t{0});
    ids.add(std::int64_t{2});
    ids.add(std::int64_t{2});
    auto const told = [&](std::string target) {
        JsonText json;
        json.open('{');
        write_ids(json, ids, request("GET", std::move(target)));
        return json.close('}').take();
    };
    CHECK(told("/x") == R"({"distinct":2,"duplicates":1})");
    CHECK(told("/x?count=4") ==
          R"({"distinct":2,"duplicates":1,"missing":2,"first_missing":[1,3]})");
    CHECK(told("/x?count=4&limit=1") ==
          R"({"distinct":2,"duplicates":1,"missing":2,"first_missing":[1]})");
}

TEST_CASE("members of a small object are read with their types, the first fault is named") {
    JsonTree tree;
    REQUIRE(tree.parse(R"({"t":"x","b":true,"n":3,"s":1.5})"));
    ControlObject good(tree.root());
    CHECK(good.text("t") == "x");
    CHECK(good.text("absent", "y") == "y");
    CHECK(good.flag("b", false));
    CHECK(good.flag("absent", true));
    CHECK(good.number("n", 0) == 3);
    CHECK(good.number("absent", 4) == 4);
    CHECK(good.secs("s") == std::chrono::milliseconds(1500));
    CHECK(good.secs("absent") == Duration::zero());
    CHECK(good.wrong().empty());
    for (auto const* key : {"n", "t"}) {
        ControlObject bad(tree.root());
        std::ignore = bad.flag(key, false);
        std::ignore = bad.text("b");
        CHECK(bad.wrong() == key);
    }
    ControlObject numbers(tree.root());
    std::ignore = numbers.number("s", 0);
    CHECK(numbers.wrong() == "s");
    ControlObject seconds(tree.root());
    CHECK(seconds.secs("t") == Duration::zero());
    CHECK(seconds.wrong() == "t");
}

}  // namespace headrace::emulator
