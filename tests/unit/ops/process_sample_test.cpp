#include "ops/process_sample.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <unistd.h>

namespace headrace::ops {
namespace {

constexpr std::string_view stat =
    "4711 (head) race (x) S 1 4711 4711 0 -1 4194560 1 2 3 4 150 50 7 8 20 0 9 0 360000 1048576 "
    "256 18446744073709551615 1 1 0\n";

}  // namespace

TEST_CASE("the fields of stat are counted from the name's last parenthesis") {
    ProcessSample sample;
    parse_process_stat(stat, 1'700'000'000, {.ticks_per_sec = 100, .page_bytes = 4096}, sample);
    CHECK(sample.cpu_seconds == 2.0);
    CHECK(sample.threads == 9);
    CHECK(sample.start_time_seconds == 1'700'003'600.0);
    CHECK(sample.virtual_bytes == 1'048'576);
    CHECK(sample.resident_bytes == 1'048'576);
}

TEST_CASE("what stat does not say is absent") {
    for (std::string_view const broken : {"", "no parenthesis", "1 (x)", "1 (x) S 1 2",
                                          "1 (x) S a a a a a a a a a a a a a a a a a a a a a"}) {
        ProcessSample sample;
        parse_process_stat(broken, 1, {}, sample);
        CHECK_FALSE(sample.cpu_seconds);
        CHECK_FALSE(sample.threads);
        CHECK_FALSE(sample.start_time_seconds);
        CHECK_FALSE(sample.resident_bytes);
    }
    ProcessSample sample;
    parse_process_stat(stat, std::nullopt, {}, sample);
    CHECK_FALSE(sample.start_time_seconds);
    CHECK(sample.cpu_seconds);
}

TEST_CASE("the soft limit of open files is read, and unlimited is no number") {
    CHECK(parse_open_files_limit("Limit  Soft  Hard  Units\nMax open files            1024  4096  "
                                 "files\nMax locked memory 1 1 bytes\n") == 1024);
    CHECK_FALSE(parse_open_files_limit("Max open files            unlimited unlimited files\n"));
    CHECK_FALSE(parse_open_files_limit("Max open files"));
    CHECK_FALSE(parse_open_files_limit(""));
}

TEST_CASE("the boot time is read from its line") {
    CHECK(parse_boot_time("cpu 1 2 3\nbtime 1700000000\nprocesses 5") == 1'700'000'000);
    CHECK_FALSE(parse_boot_time("cpu 1 2 3\n"));
    CHECK_FALSE(parse_boot_time("btime soon"));
}

TEST_CASE("this process has everything that Linux tells") {
    ProcessSample const sample = read_process_sample();
    CHECK(sample.cpu_seconds.value() >= 0);
    CHECK(sample.resident_bytes.value() > 1'000'000);
    CHECK(sample.virtual_bytes.value() >= sample.resident_bytes.value());
    CHECK(sample.threads.value() >= 1);
    CHECK(sample.start_time_seconds.value() > 1.6e9);

    int const one_more = ::dup(0);
    CHECK(read_process_sample().open_fds.value() == sample.open_fds.value() + 1);
    ::close(one_more);
}

TEST_CASE("without a proc file system nothing is known and nothing breaks") {
    ProcessSample const sample = read_process_sample("/nowhere");
    CHECK_FALSE(sample.cpu_seconds);
    CHECK_FALSE(sample.open_fds);
    CHECK_FALSE(sample.max_fds);
}

}  // namespace headrace::ops
