#include "kafka/side_thread.hpp"

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <future>
#include <vector>

namespace headrace::kafka {
namespace {

using namespace std::chrono_literals;

TEST_CASE("jobs run in order, and the last one after them") {
    std::vector<int> order;
    std::promise<void> done;
    SideThread side;
    side.post([&](auto&) { order.push_back(1); });
    side.post([&](auto&) {
        order.push_back(2);
        done.set_value();
    });
    done.get_future().wait();
    CHECK(side.finish([&] { order.push_back(3); }, 10s));
    CHECK(order == std::vector<int>{1, 2, 3});
    side.post([&](auto&) { order.push_back(4); });
    CHECK(side.finish(nullptr, 10s));
    CHECK(order.size() == 3);
}

TEST_CASE("a job that pauses is woken by cancel, and those behind it are not run") {
    std::promise<void> began;
    std::promise<bool> ended;
    std::atomic<bool> ran{false};
    SideThread side;
    side.post([&](SideThread::Inside& inside) {
        began.set_value();
        bool const slept = inside.pause(60s);
        ended.set_value(slept || !inside.is_stopping());
    });
    side.post([&](auto&) { ran = true; });
    began.get_future().wait();
    side.cancel();
    CHECK_FALSE(ended.get_future().get());
    CHECK(side.finish(nullptr, 10s));
    CHECK_FALSE(ran.load());
}

TEST_CASE("a thread that cannot end in time is left behind and ends later") {
    auto const gate = std::make_shared<std::promise<void>>();
    auto const finished = std::make_shared<std::promise<void>>();
    auto const end = finished->get_future();
    {
        SideThread side;
        std::promise<void> began;
        side.post([&began, future = gate->get_future().share()](auto&) {
            began.set_value();
            future.wait();
        });
        began.get_future().wait();
        CHECK_FALSE(side.finish([finished] { finished->set_value(); }, 10ms));
    }
    gate->set_value();
    CHECK(end.wait_for(10s) == std::future_status::ready);
}

TEST_CASE("a pause that nobody ends lasts") {
    std::promise<bool> ended;
    SideThread side;
    side.post([&](SideThread::Inside& inside) { ended.set_value(inside.pause(5ms)); });
    CHECK(ended.get_future().get());
}

}  // namespace
}  // namespace headrace::kafka
