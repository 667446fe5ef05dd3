#include "config/file_secret.hpp"

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <thread>
#include <tuple>

namespace headrace::config {
namespace {

TEST_CASE("a secret can be read on one thread while another one polls it") {
    std::atomic<int> version{0};
    Environment const environment{[](std::string const&) { return std::optional<std::string>(); },
                                  [&](std::string const&) -> Result<std::string> {
                                      return std::string(
                                          static_cast<std::size_t>(100 + version++ % 2), 'x');
                                  },
                                  [](http::TlsSettings const&) { return Result<void>(); }};
    FileSecret secret({"k",
                       {{Piece::Kind::file, "/key"}},
                       std::string(100, 'x'),
                       [](std::string_view) { return Result<void>(); }},
                      environment);
    std::atomic<bool> is_done{false};
    std::thread poller([&] {
        for (int i = 0; i < 10'000; ++i)
            std::ignore = secret.poll([](std::string const&) {});
        is_done = true;
    });
    bool was_whole = true;
    while (!is_done) {
        auto const size = secret.get().size();
        was_whole = was_whole && (size == 100 || size == 101);
    }
    poller.join();
    CHECK(was_whole);
}

}  // namespace
}  // namespace headrace::config
