#include "kafka/kafka_dead_letters.hpp"

#include "fakes/manual_clock.hpp"
#include "group_member.hpp"
#include "kafka/dead_letter_headers.hpp"
#include "kafka/wake_signal.hpp"

#include <catch2/catch_test_macros.hpp>

#include <atomic>

namespace headrace::kafka {
namespace {

struct Answers final : flow::DeadLettersListener {
    void on_acknowledged(std::uint64_t token) override { acknowledged.push_back(token); }
    void on_failed(std::uint64_t token, Error const& error) override {
        failed.emplace_back(token, error);
    }
    std::vector<std::uint64_t> acknowledged;
    std::vector<std::pair<std::uint64_t, Error>> failed;
};

DeadLetterSettings settings_for_letters(MockCluster const& cluster) {
    DeadLetterSettings settings;
    settings.bootstrap_servers = cluster.bootstrap();
    settings.topic = "dead";
    settings.route = "clicks";
    settings.destination_type = "tecton";
    settings.version = "0.1.0";
    return settings;
}

flow::FailureReport report_of(std::string message) {
    flow::FailureReport report;
    report.refusal = {.stage = flow::Stage::write,
                      .reason = "rejected",
                      .status = "400",
                      .message = std::move(message)};
    report.attempts = 3;
    return report;
}

/// Serves until as many answers as `count` came.
bool await(KafkaDeadLetters& letters, Answers& answers, std::size_t count, Duration limit = 20s) {
    SystemClock const clock;
    WakeSignal signal;
    auto const deadline = clock.now() + limit;
    while (answers.acknowledged.size() + answers.failed.size() < count) {
        if (clock.now() >= deadline) return false;
        letters.serve(answers);
        signal.wait(5ms);
    }
    return true;
}

flow::TopicPartition const origin{"clicks", 3, 1};

TEST_CASE("a dead letter keeps key, value, timestamp and headers and gains its own") {
    auto const cluster = make_cluster("dead", 1);
    SystemClock const clock;
    std::atomic<int> wakes{0};
    auto letters =
        KafkaDeadLetters::make(settings_for_letters(*cluster), {clock, {}, [&] { ++wakes; }});
    REQUIRE(letters.has_value());
    std::string const binary("\x00\xFE", 2);
    auto record = flow::make_record(
        origin, 42, "key", std::nullopt,
        {{"mine", "1"}, {"bin", binary}, {"none", std::nullopt}, {"headrace.route", "old"}});
    record.timestamp_ms = 1'700'000'000'123;
    Answers answers;
    REQUIRE((*letters)->produce(record, report_of("no"), 7).has_value());
    REQUIRE(await(**letters, answers, 1));
    CHECK(answers.acknowledged == std::vector<std::uint64_t>{7});
    CHECK(wakes.load() > 0);

    GroupMember reader(settings_for(*cluster, "dead"));
    reader.keeps_records = true;
    reader.start();
    REQUIRE(reader.pump([&] { return reader.records.size() == 1; }));
    auto const& read = reader.records.front();
    CHECK(read.key == "key");
    CHECK_FALSE(read.value.has_value());
    CHECK(read.timestamp_ms == 1'700'000'000'123);
    auto const headers = read.headers();
    REQUIRE(headers.size() == 3 + 24);
    CHECK(headers[0].name == "mine");
    CHECK(headers[1].value == binary);
    CHECK_FALSE(headers[2].value.has_value());
    std::string memory;
    CHECK(read.find_header("headrace.offset", memory) == "42");
    CHECK(read.find_header("headrace.route", memory) == "clicks");
    CHECK(reader.close());
    (*letters)->close(clock.now() + 5s);
    CHECK((*letters)->produce(record, report_of("no"), 8).error().code == ErrorCode::kafka);
}

TEST_CASE("many dead letters are all acknowledged, each token once") {
    auto const cluster = make_cluster("dead", 4);
    SystemClock const clock;
    auto letters = KafkaDeadLetters::make(settings_for_letters(*cluster), {clock, {}, {}});
    REQUIRE(letters.has_value());
    Answers answers;
    for (std::uint64_t token = 0; token != 500; ++token) {
        auto const record = flow::make_record(origin, static_cast<flow::Offset>(token),
                                              std::to_string(token), "{}");
        REQUIRE((*letters)->produce(record, report_of("no"), token).has_value());
    }
    REQUIRE(await(**letters, answers, 500));
    CHECK(answers.failed.empty());
    CHECK(
        std::set<std::uint64_t>(answers.acknowledged.begin(), answers.acknowledged.end()).size() ==
        500);
}

TEST_CASE("a dead letter that the client's own limit refuses names the limit") {
    auto const cluster = make_cluster("dead", 1);
    SystemClock const clock;
    auto settings = settings_for_letters(*cluster);
    settings.properties = {{"message.max.bytes", "5000"}};
    auto letters = KafkaDeadLetters::make(settings, {clock, {}, {}});
    REQUIRE(letters.has_value());
    Answers answers;
    // Fits once its two messages of a kilobyte are shortened.
    auto const fits = flow::make_record(origin, 1, "key", std::string(3000, 'x'));
    REQUIRE((*letters)->produce(fits, report_of(std::string(5000, 'm')), 1).has_value());
    REQUIRE(await(**letters, answers, 1));
    CHECK(answers.acknowledged.size() == 1);
    auto const large = flow::make_record(origin, 2, "key", std::string(6000, 'x'));
    auto const refused = (*letters)->produce(large, report_of("no"), 2);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == ErrorCode::too_large);
    CHECK(refused.error().message.find("max.message.bytes") != std::string::npos);
}

TEST_CASE("a dead letter that the topic refuses for its size is shortened once, then fails") {
    auto const cluster = make_cluster("dead", 1);
    SystemClock const clock;
    auto letters = KafkaDeadLetters::make(settings_for_letters(*cluster), {clock, {}, {}});
    REQUIRE(letters.has_value());
    auto record = flow::make_record(origin, 1, "key", "value", {{"mine", "1"}});
    record.timestamp_ms = 1'700'000'000'123;
    Answers answers;
    cluster->push_errors(MockRequest::produce, {10});  // MESSAGE_TOO_LARGE
    REQUIRE((*letters)->produce(record, report_of(std::string(500, 'm')), 1).has_value());
    REQUIRE(await(**letters, answers, 1));
    CHECK(answers.acknowledged == std::vector<std::uint64_t>{1});
    GroupMember reader(settings_for(*cluster, "dead"));
    reader.keeps_records = true;
    reader.start();
    REQUIRE(reader.pump([&] { return reader.records.size() == 1; }));
    std::string memory;
    CHECK(reader.records[0].find_header("headrace.message", memory)->size() ==
          dead_letter_message_bytes_short);
    CHECK(reader.records[0].find_header("mine", memory) == "1");
    CHECK(reader.records[0].timestamp_ms == 1'700'000'000'123);
    CHECK(reader.close());
    cluster->push_errors(MockRequest::produce, {10, 10});
    REQUIRE((*letters)->produce(record, report_of("no"), 2).has_value());
    REQUIRE(await(**letters, answers, 2));
    REQUIRE(answers.failed.size() == 1);
    CHECK(answers.failed[0].second.code == ErrorCode::too_large);
    CHECK(answers.failed[0].second.message.find("max.message.bytes") != std::string::npos);
}

TEST_CASE("a dead letter that nobody acknowledges fails after message.timeout.ms, which is named") {
    auto const cluster = make_cluster("dead", 1);
    SystemClock const clock;
    auto settings = settings_for_letters(*cluster);
    settings.properties = {{"message.timeout.ms", "600"}};
    std::vector<std::string> log;
    auto letters = KafkaDeadLetters::make(
        settings, {clock, [&](LogLevel, std::string_view line) { log.emplace_back(line); }, {}});
    REQUIRE(letters.has_value());
    cluster->stop_brokers();
    Answers answers;
    REQUIRE((*letters)
                ->produce(flow::make_record(origin, 1, "key", "{}"), report_of("no"), 9)
                .has_value());
    REQUIRE(await(**letters, answers, 1));
    REQUIRE(answers.failed.size() == 1);
    CHECK(answers.failed[0].first == 9);
    CHECK(answers.failed[0].second.code == ErrorCode::timeout);
    CHECK(answers.failed[0].second.message.find("message.timeout.ms (600)") != std::string::npos);
    CHECK_FALSE(log.empty());
    cluster->start_brokers();
}

TEST_CASE("a dead-letter topic that does not exist is an error that names it") {
    auto const cluster = make_cluster("other", 1);
    cluster->fail_topic("dead", 3);  // UNKNOWN_TOPIC_OR_PARTITION
    SystemClock const clock;
    auto settings = settings_for_letters(*cluster);
    settings.properties = {{"topic.metadata.propagation.max.ms", "100"}};
    auto letters = KafkaDeadLetters::make(settings, {clock, {}, {}});
    REQUIRE(letters.has_value());
    Answers answers;
    REQUIRE((*letters)
                ->produce(flow::make_record(origin, 1, "key", "{}"), report_of("no"), 1)
                .has_value());
    REQUIRE(await(**letters, answers, 1));
    REQUIRE(answers.failed.size() == 1);
    CHECK(answers.failed[0].second.code == ErrorCode::not_found);
    CHECK(answers.failed[0].second.message.find("dead") != std::string::npos);
}

TEST_CASE("a full queue refuses more and says so") {
    auto const cluster = make_cluster("dead", 1);
    SystemClock const clock;
    auto settings = settings_for_letters(*cluster);
    settings.properties = {{"queue.buffering.max.messages", "5"}, {"linger.ms", "2000"}};
    auto letters = KafkaDeadLetters::make(settings, {clock, {}, {}});
    REQUIRE(letters.has_value());
    Result<void> last;
    std::uint64_t token = 0;
    while (last && token < 10) {
        last = (*letters)->produce(flow::make_record(origin, 1, "key", "{}"), report_of("no"),
                                   ++token);
    }
    REQUIRE_FALSE(last.has_value());
    CHECK(token == 6);
    CHECK(last.error().code == ErrorCode::timeout);
    auto const before = clock.now();
    (*letters)->close(before + 10s);
    CHECK(clock.now() - before < 9s);
}

TEST_CASE(
    "a producer that broke for good is made anew after a pause, and what was under way failed") {
    auto const cluster = make_cluster("dead", 1);
    fakes::ManualClock clock;
    auto letters = KafkaDeadLetters::make(settings_for_letters(*cluster), {clock, {}, {}});
    REQUIRE(letters.has_value());
    auto const record = flow::make_record(origin, 1, "key", "{}");
    Answers answers;
    REQUIRE((*letters)->produce(record, report_of("no"), 1).has_value());
    REQUIRE(await(**letters, answers, 1));
    // INVALID_PRODUCER_EPOCH is fatal for an idempotent producer.
    cluster->push_errors(MockRequest::produce, {47});
    REQUIRE((*letters)->produce(record, report_of("no"), 2).has_value());
    REQUIRE(await(**letters, answers, 2));
    REQUIRE(answers.failed.size() == 1);
    CHECK(answers.failed[0].first == 2);
    Answers more;
    SystemClock const real;
    auto const deadline = real.now() + 10s;
    Result<void> again;
    do {
        (*letters)->serve(more);
        again = (*letters)->produce(record, report_of("no"), 3);
        clock.advance(100ms);
    } while (!again && real.now() < deadline);
    REQUIRE(again.has_value());
    REQUIRE(await(**letters, more, 1));
    CHECK(more.acknowledged == std::vector<std::uint64_t>{3});
}

TEST_CASE("settings that make no producer are errors") {
    SystemClock const clock;
    DeadLetterSettings settings;
    settings.bootstrap_servers = "127.0.0.1:1";
    settings.topic = "dead";
    settings.properties = {{"acks", "1"}};
    CHECK(KafkaDeadLetters::make(settings, {clock, {}, {}}).error().message.find("acks") !=
          std::string::npos);
    settings.properties = {{"security.protocol", "ssl"}, {"ssl.ca.location", "/nowhere"}};
    CHECK_FALSE(KafkaDeadLetters::make(settings, {clock, {}, {}}).has_value());
}

}  // namespace
}  // namespace headrace::kafka
