#include "emulator/milvus_settings.hpp"

#include <algorithm>
#include <array>

namespace headrace::emulator {
namespace {

struct TypeName {
    MilvusType type;
    std::string_view name;
};
constexpr std::array<TypeName, 16> type_names{{{MilvusType::boolean, "Bool"},
                                               {MilvusType::int8, "Int8"},
                                               {MilvusType::int16, "Int16"},
                                               {MilvusType::int32, "Int32"},
                                               {MilvusType::int64, "Int64"},
                                               {MilvusType::float32, "Float"},
                                               {MilvusType::float64, "Double"},
                                               {MilvusType::varchar, "VarChar"},
                                               {MilvusType::json, "JSON"},
                                               {MilvusType::array, "Array"},
                                               {MilvusType::float_vector, "FloatVector"},
                                               {MilvusType::float16_vector, "Float16Vector"},
                                               {MilvusType::bfloat16_vector, "BFloat16Vector"},
                                               {MilvusType::binary_vector, "BinaryVector"},
                                               {MilvusType::int8_vector, "Int8Vector"},
                                               {MilvusType::sparse_vector, "SparseFloatVector"}}};

MilvusField field(std::string name, MilvusType type) {
    MilvusField result;
    result.name = std::move(name);
    result.type = type;
    return result;
}

MilvusCollection collection(std::string name, MilvusType key, std::size_t dim) {
    MilvusCollection result;
    result.name = std::move(name);
    result.partitions = {"archive"};
    auto primary = field("id", key);
    primary.is_primary = true;
    if (key == MilvusType::varchar) primary.max_length = 128;
    auto vector = field("vector", MilvusType::float_vector);
    vector.dim = dim;
    auto title = field("title", MilvusType::varchar);
    title.max_length = 256;
    result.fields = {primary, vector, title};
    return result;
}

}  // namespace

std::string_view to_string(MilvusType type) noexcept {
    for (auto const& entry : type_names) {
        if (entry.type == type) return entry.name;
    }
    return "None";
}

std::optional<MilvusType> milvus_type(std::string_view name) noexcept {
    for (auto const& entry : type_names) {
        if (entry.name == name) return entry.type;
    }
    return std::nullopt;
}

MilvusField const& MilvusCollection::primary() const {
    return *std::find_if(fields.begin(), fields.end(),
                         [](MilvusField const& item) { return item.is_primary; });
}

bool MilvusCollection::has_partition(std::string_view partition) const {
    return partition == "_default" ||
           std::find(partitions.begin(), partitions.end(), partition) != partitions.end();
}

MilvusSettings default_milvus_settings(std::size_t dim) {
    MilvusSettings settings;
    settings.collections = {collection("docs", MilvusType::int64, dim),
                            collection("pages", MilvusType::varchar, dim)};
    return settings;
}

}  // namespace headrace::emulator
