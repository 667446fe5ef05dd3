#include "kafka/trouble.hpp"

#include "fakes/manual_clock.hpp"
#include "silent_listener.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

namespace headrace::kafka {
namespace {

using namespace std::chrono_literals;

struct Listener final : SilentListener {
    void on_trouble(Error const& error) override { told.push_back(error.message); }
    void on_recovered() override { told.emplace_back("recovered"); }
    std::vector<std::string> told;
};

Error away(std::string text) {
    return {ErrorCode::connection, std::move(text)};
}

TEST_CASE("a trouble is told at once, then at a slow pace, and once when it is over") {
    fakes::ManualClock clock;
    Troubles troubles(clock);
    Listener listener;
    troubles.tell(listener);
    CHECK(listener.told.empty());
    troubles.report(TroubleKind::connection, away("a"));
    troubles.tell(listener);
    troubles.report(TroubleKind::connection, away("b"));
    troubles.tell(listener);
    clock.advance(Troubles::pace - 1ms);
    troubles.tell(listener);
    CHECK(listener.told == std::vector<std::string>{"a"});
    clock.advance(1ms);
    troubles.tell(listener);
    CHECK(listener.told == std::vector<std::string>{"a", "b"});
    troubles.clear(TroubleKind::connection);
    troubles.tell(listener);
    troubles.tell(listener);
    CHECK(listener.told.size() == 3);
    CHECK(listener.told.back() == "recovered");
    CHECK(troubles.empty());
}

TEST_CASE("a cause that becomes known is told at once, but only once") {
    fakes::ManualClock clock;
    Troubles troubles(clock);
    Listener listener;
    troubles.report(TroubleKind::connection, away("away"));
    troubles.tell(listener);
    troubles.report(TroubleKind::connection, {ErrorCode::permission, "password"});
    troubles.tell(listener);
    troubles.report(TroubleKind::connection, away("away"));
    troubles.tell(listener);
    CHECK(listener.told == std::vector<std::string>{"away", "password"});
}

TEST_CASE("recovery is told when the last of several troubles is over") {
    fakes::ManualClock clock;
    Troubles troubles(clock);
    Listener listener;
    troubles.report(TroubleKind::connection, away("a"));
    troubles.report(TroubleKind::topics, {ErrorCode::not_found, "b"});
    troubles.tell(listener);
    troubles.clear(TroubleKind::connection);
    CHECK_FALSE(troubles.has(TroubleKind::connection));
    CHECK(troubles.has(TroubleKind::topics));
    troubles.tell(listener);
    CHECK(listener.told.size() == 2);
    troubles.clear(TroubleKind::topics);
    troubles.tell(listener);
    CHECK(listener.told.back() == "recovered");
}

TEST_CASE("a trouble that was over before it was told is not spoken of") {
    fakes::ManualClock clock;
    Troubles troubles(clock);
    Listener listener;
    troubles.report(TroubleKind::group, away("a"));
    troubles.clear(TroubleKind::group);
    troubles.tell(listener);
    CHECK(listener.told.empty());
}

}  // namespace
}  // namespace headrace::kafka
