#include "sinks/registry.hpp"

#include "fakes/manual_clock.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>

namespace headrace::sinks {
namespace {

TEST_CASE("rows are found by name and stand in order") {
    auto const types = destination_types();
    CHECK(std::ranges::is_sorted(types, {}, &DestinationType::name));
    for (auto const& type : types) {
        CHECK(find_destination_type(type.name) == &type);
    }
    CHECK(find_destination_type("feast") == nullptr);
    CHECK(find_destination_type("") == nullptr);
}

TEST_CASE("the defaults are the public interface's") {
    auto const* tecton = find_destination_type("tecton");
    REQUIRE(tecton != nullptr);
    CHECK(tecton->batch_size == 10);
    CHECK(tecton->batch_size_limit == 10);
    CHECK(tecton->batch_bytes == mib);
    CHECK(tecton->linger == std::chrono::milliseconds(50));
    CHECK(tecton->concurrency_max == 256);
    CHECK_FALSE(tecton->can_delete);
    auto const* milvus = find_destination_type("milvus");
    REQUIRE(milvus != nullptr);
    CHECK(milvus->batch_size == 1000);
    CHECK_FALSE(milvus->batch_size_limit);
    CHECK(milvus->batch_bytes == 2 * mib);
    CHECK(milvus->linger == std::chrono::milliseconds(100));
    CHECK(milvus->concurrency_max == 8);
    CHECK(milvus->can_delete);
}

TEST_CASE("each kind of settings belongs to its row and makes its sink") {
    boost::asio::io_context io;
    fakes::ManualClock const clock;
    TectonSettings tecton;
    tecton.requests.body_bytes_max = 7;
    tecton.stream_source_name.value = "clicks";
    DestinationSettings settings = tecton;
    CHECK(destination_type(settings).name == "tecton");
    CHECK(request_settings(settings).body_bytes_max == 7);
    CHECK_FALSE(make_sink(settings, io.get_executor(), clock)->shape().has_own_key);

    MilvusSettings milvus;
    milvus.requests.body_bytes_max = 9;
    milvus.collection.value = "docs";
    settings = milvus;
    CHECK(destination_type(settings).name == "milvus");
    CHECK(request_settings(settings).body_bytes_max == 9);
    CHECK(make_sink(settings, io.get_executor(), clock)->shape().has_own_key);
}

}  // namespace
}  // namespace headrace::sinks
