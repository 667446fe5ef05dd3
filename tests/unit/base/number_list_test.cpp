#include "base/number_list.hpp"

#include "base/json.hpp"
#include "base/json_grammar.hpp"
#include "base/random.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <memory>
#include <string>

using headrace::number_list_size;
using headrace::VectorWidth;

#ifdef __SSE2__

namespace {

/// By every width that this machine has, which must agree. In memory that ends where the text does:
/// a sanitizer then sees what is read behind it.
std::size_t size_of_list(std::string const& text) {
    auto const copy = std::make_unique<char[]>(text.size());
    text.copy(copy.get(), text.size());
    std::string_view const view(copy.get(), text.size());
    auto const size = number_list_size(view);
    for (auto const width : {VectorWidth::bytes_16, VectorWidth::bytes_32, VectorWidth::bytes_64}) {
        if (width > headrace::widest_vector()) continue;
        if (number_list_size(view, width) != size) {
            CAPTURE(text, static_cast<int>(width));
            REQUIRE(number_list_size(view, width) == size);
        }
    }
    return size;
}

bool is_number(std::string_view text) {
    return !headrace::find_json_fault("{\"a\":" + std::string(text) + "}") &&
           text.find_first_not_of("0123456789.-") == std::string_view::npos;
}

/// What the list's size should be, number by number.
std::size_t expected(std::string const& text) {
    auto const end = text.find(']');
    if (end == std::string::npos) return 0;
    std::size_t begin = 0;
    while (true) {
        auto const comma = std::min(text.find(',', begin), end);
        if (!is_number(std::string_view(text).substr(begin, comma - begin))) return 0;
        if (comma == end) return end;
        begin = comma + 1;
    }
}

std::string random_list(headrace::Random& random, std::size_t numbers) {
    std::string text;
    for (std::size_t i = 0; i != numbers; ++i) {
        if (i != 0) text += ',';
        if (random.next() % 2 == 0) text += '-';
        text += std::to_string(random.next() % (random.next() % 3 == 0 ? 100'000 : 2));
        if (random.next() % 4 != 0) text += "." + std::to_string(random.next() % 1'000'000'000);
    }
    return text + "]";
}

}  // namespace

TEST_CASE("each rule of a list of numbers is kept wherever in a block the number stands") {
    for (std::size_t before = 0; before != 140; ++before) {
        // Numbers of one digit, so that each place of a block is reached.
        std::string begin;
        for (std::size_t i = 0; i != before; ++i)
            begin += "7,";
        if (before % 2 == 1) begin += "10,";
        for (auto const* const good :
             {"0", "-0", "1", "-12", "0.0", "-0.5", "10.01", "1,2", "7.125"}) {
            CAPTURE(before, good);
            CHECK(size_of_list(begin + good + "]") == begin.size() + std::string_view(good).size());
        }
        for (auto const* const bad :
             {"",    "-",  "--1", "1-", "1-2",  ".5", "-.5", "1.",  "1.,2", "1..2",  "1.2.3", "01",
              "-01", "00", "1,",  ",1", "1,,2", "1 ", " 1",  "1e5", "+1",   "\"1\"", "1\xB1"}) {
            CAPTURE(before, bad);
            CHECK(size_of_list(begin + bad + "]") == 0);
        }
        CHECK(size_of_list(begin + "1") == 0);
        CHECK(size_of_list(begin + "1}") == 0);
    }
}

TEST_CASE("long numbers go on from block to block") {
    for (std::size_t size = 1; size != 200; ++size) {
        std::string const digits(size, '7');
        CHECK(size_of_list("1." + digits + ",-" + digits + "." + digits + "]") == 3 * size + 5);
        CHECK(size_of_list("1." + digits + "." + digits + "]") == 0);
        CHECK(size_of_list("1," + digits + ".]") == 0);
        CHECK(size_of_list("1,0" + digits + "]") == 0);
    }
}

TEST_CASE("lists changed at random are taken if, and only if, each number is one") {
    headrace::Random random(20261121);
    static constexpr std::string_view bytes = "0123456789..--,,] e";
    int taken = 0;
    constexpr int rounds = 40'000;
    for (int round = 0; round != rounds; ++round) {
        auto text = random_list(random, 1 + random.next() % 40);
        for (auto changes = random.next() % 3; changes != 0; --changes)
            text[random.next() % text.size()] = bytes[random.next() % bytes.size()];
        auto const size = expected(text);
        taken += size != 0 ? 1 : 0;
        if (size_of_list(text) != size) {
            CAPTURE(text);
            REQUIRE(size_of_list(text) == size);
        }
    }
    CHECK(taken > rounds / 4);
    CHECK(taken < rounds - rounds / 10);
}

TEST_CASE("a record with a vector is judged as by the grammar, whatever byte of it is changed") {
    headrace::Random random(7);
    headrace::JsonValidator validator;
    static constexpr std::string_view bytes = "0123456789.-,[]{}\":\\ eu\x1F\xC3";
    int right = 0;
    constexpr int rounds = 4'000;
    for (int round = 0; round != rounds; ++round) {
        std::string text = R"({"id":17,"text":"see [1,2] \u00e4","vector":[)" +
                           random_list(random, 150) + R"(,"more":[[)" + random_list(random, 30) +
                           R"(,[]],"end":"[1,2)" + std::string(random.next() % 80, 'x') + "\"}";
        if (random.next() % 3 != 0)
            text[random.next() % text.size()] = bytes[random.next() % bytes.size()];
        bool const is_right = !headrace::find_json_fault(text);
        right += is_right ? 1 : 0;
        if (validator.check_object(text).has_value() != is_right) {
            CAPTURE(text);
            REQUIRE(validator.check_object(text).has_value() == is_right);
        }
    }
    CHECK(right > rounds / 4);
    CHECK(right < rounds - rounds / 10);
}

#endif
