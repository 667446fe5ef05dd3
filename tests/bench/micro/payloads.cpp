#include "payloads.hpp"

#include "base/random.hpp"

#include <array>
#include <string_view>

namespace headrace::bench {
namespace {

/// Numbers and words are random, so that compression finds in them what it finds in real ones.
constexpr std::uint64_t seed = 20261121;

std::string number(Random& random) {
    return std::to_string(random.next() % 1'000'000'000);
}

}  // namespace

std::vector<std::string> make_keys(std::size_t count) {
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < count; ++i) {
        keys.push_back("user-3fa85f64-5717-4562-b3fc-" + std::to_string(1'000'000 + i));
    }
    return keys;
}

std::vector<std::string> make_clicks(std::size_t count, std::size_t bytes) {
    constexpr std::array<std::string_view, 8> pages{"/home",  "/search", "/item",  "/basket",
                                                    "/order", "/help",   "/about", "/account"};
    Random random(seed);
    std::vector<std::string> clicks;
    for (std::size_t i = 0; i < count; ++i) {
        std::string click = R"({"event_id":)" + number(random) + R"(,"user_id":"u-)" +
                            number(random) + R"(","timestamp":"2026-11-21T09:00:00.)" +
                            std::to_string(100 + random.next() % 900) + R"(Z","clicked":1)";
        for (int field = 0; click.size() + 40 < bytes; ++field) {
            click += R"(,"field_)" + std::to_string(field) + R"(":")";
            click += pages[random.next() % pages.size()];
            click += "/" + number(random) + '"';
        }
        clicks.push_back(click + "}");
    }
    return clicks;
}

std::vector<std::string> make_documents(std::size_t count, std::size_t bytes) {
    Random random(seed);
    std::vector<std::string> documents;
    for (std::size_t i = 0; i < count; ++i) {
        std::string document =
            R"({"id":)" + std::to_string(7'000'000 + i) + R"(,"title":"a page","vector":[)";
        while (document.size() + 14 < bytes) {
            document += "0." + number(random) + ',';
        }
        documents.push_back(document + "0.5]}");
    }
    return documents;
}

}  // namespace headrace::bench
