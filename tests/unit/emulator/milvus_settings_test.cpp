#include "emulator/milvus_settings.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::emulator {

TEST_CASE("Milvus: types have the names that describe gives them") {
    for (auto const* name : {"Bool", "Int8", "Int64", "VarChar", "JSON", "Array", "FloatVector",
                             "SparseFloatVector"}) {
        REQUIRE(milvus_type(name));
        CHECK(to_string(*milvus_type(name)) == name);
    }
    CHECK_FALSE(milvus_type("int64").has_value());
    CHECK(to_string(static_cast<MilvusType>(99)) == "None");
}

TEST_CASE("Milvus: the default settings have what the demo and the tests need") {
    auto const settings = default_milvus_settings(16);
    REQUIRE(settings.collections.size() == 2);
    auto const& docs = settings.collections[0];
    CHECK(docs.name == "docs");
    CHECK(docs.primary().name == "id");
    CHECK(docs.primary().type == MilvusType::int64);
    CHECK(docs.fields[1].dim == 16);
    CHECK_FALSE(docs.dynamic);
    CHECK(docs.has_partition("_default"));
    CHECK(docs.has_partition("archive"));
    CHECK_FALSE(docs.has_partition("other"));
    CHECK(settings.collections[1].primary().type == MilvusType::varchar);
}

}  // namespace headrace::emulator
