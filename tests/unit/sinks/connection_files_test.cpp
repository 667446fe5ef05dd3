#include "sinks/connection_files.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::sinks {
namespace {

/// Files that a test replaces, and whether they fit together.
struct World {
    std::string stamp = "1";
    bool fits = true;
    int checks = 0;
    RequestSettings requests;

    explicit World(bool tls = true) {
        requests.client.url.tls = tls;
        requests.refresh = {[this](http::ClientSettings& client) { client.tls.stamp = stamp; },
                            "files"};
        requests.refresh(requests.client);
    }
    ConnectionFiles make() {
        return ConnectionFiles(requests, [this](http::TlsSettings const&) -> Result<void> {
            ++checks;
            if (fits) return {};
            return Error{ErrorCode::tls, "the key does not fit"};
        });
    }
};

bool is_quiet(ConnectionFiles& files) {
    auto const look = files.look();
    return look && *look == nullptr;
}

TEST_CASE("files that stay as they are are not even read") {
    World world;
    auto files = world.make();
    CHECK(is_quiet(files));
    CHECK(world.checks == 0);
}

TEST_CASE("files that change are told once, with the settings that use them") {
    World world;
    auto files = world.make();
    world.stamp = "2";
    auto const look = files.look();
    REQUIRE(look.has_value());
    REQUIRE(*look != nullptr);
    CHECK((*look)->tls.stamp == "2");
    CHECK(is_quiet(files));
}

TEST_CASE("a certificate that is there before its key waits for it without a word") {
    World world;
    auto files = world.make();
    world.stamp = "certificate";
    world.fits = false;
    CHECK(is_quiet(files));
    world.stamp = "certificate and key";
    world.fits = true;
    auto const look = files.look();
    REQUIRE(look.has_value());
    CHECK(*look != nullptr);
}

TEST_CASE("files that stay unusable are told once for each state that they are in") {
    World world;
    auto files = world.make();
    world.fits = false;
    for (auto const* const stamp : {"2", "3"}) {
        world.stamp = stamp;
        CHECK(is_quiet(files));
        auto const look = files.look();
        REQUIRE_FALSE(look.has_value());
        CHECK(look.error().message == "the key does not fit");
        CHECK(is_quiet(files));
        CHECK(is_quiet(files));
    }
    world.fits = true;
    auto const look = files.look();
    REQUIRE(look.has_value());
    CHECK(*look != nullptr);
}

TEST_CASE("without TLS no file is checked, and without files nothing is looked at") {
    World world(false);
    world.fits = false;
    auto files = world.make();
    world.stamp = "2";
    auto const look = files.look();
    REQUIRE(look.has_value());
    CHECK(*look != nullptr);
    CHECK(world.checks == 0);
    ConnectionFiles none{RequestSettings{}};
    CHECK(is_quiet(none));
}

}  // namespace
}  // namespace headrace::sinks
