// Feeds a fuzz target with its seeds and with a bounded number of mutations of them, so that every
// build of the tests runs it a little. The target aborts when an expectation of its own does not
// hold.
#include "base/random.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

namespace {

constexpr int mutations = 20'000;
constexpr std::size_t input_bytes_max = 4096;

void feed(std::string const& input) {
    // An allocation of exactly this size lets the address sanitizer see a read past its end.
    std::vector<std::uint8_t> const bytes(input.begin(), input.end());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

std::vector<std::string> seeds() {
    std::vector<std::string> all;
    for (auto const& entry : std::filesystem::directory_iterator(HEADRACE_CORPUS)) {
        std::ifstream file(entry.path(), std::ios::binary);
        all.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    std::sort(all.begin(), all.end());
    return all;
}

void mutate(std::string& input, std::vector<std::string> const& all, headrace::Random& random) {
    static constexpr std::string_view spice = "{}[]\",:\\u0d8-+.eE19 \t\r\n\x7F";
    std::size_t const at = input.empty() ? 0 : random.next() % input.size();
    char const c = random.next() % 2 == 0 ? spice[random.next() % spice.size()]
                                          : static_cast<char>(random.next());
    switch (random.next() % 6) {
        case 0:
            input.insert(at, 1, c);
            break;
        case 1:
            input.erase(at, 1 + random.next() % 8);
            break;
        case 2:
            input.resize(at);
            break;
        case 3:
            input.insert(at, input.substr(at, random.next() % 32));
            break;
        case 4: {
            std::string const& other = all[random.next() % all.size()];
            input.replace(at, std::string::npos, other,
                          other.empty() ? 0 : random.next() % other.size());
            break;
        }
        default:
            if (!input.empty()) input[at] = c;
    }
    if (input.size() > input_bytes_max) input.resize(input_bytes_max);
}

TEST_CASE("every seed is survived") {
    auto const all = seeds();
    REQUIRE_FALSE(all.empty());
    feed("");
    for (auto const& input : all) {
        feed(input);
    }
}

TEST_CASE("many mutations of the seeds are survived") {
    auto const all = seeds();
    REQUIRE_FALSE(all.empty());
    headrace::Random random(20261121);
    for (int i = 0; i < mutations; ++i) {
        std::string input = all[random.next() % all.size()];
        for (std::uint64_t times = 1 + random.next() % 4; times != 0; --times) {
            mutate(input, all, random);
        }
        feed(input);
    }
}

}  // namespace
