#include "flow/record.hpp"

#include <cassert>
#include <cstring>
#include <memory>

namespace headrace::flow {
namespace {

/// Copies of a record's bytes; the views point into `bytes`.
struct OwnedBytes {
    std::unique_ptr<char[]> bytes;
    std::vector<Header> headers;
};

std::optional<std::string_view> find_last(std::vector<Header> const& headers,
                                          std::string_view name) {
    for (auto header = headers.rbegin(); header != headers.rend(); ++header) {
        if (header->name == name) return header->value;
    }
    return std::nullopt;
}

constexpr RecordHandle::Operations owned_operations{
    [](void* object) noexcept { delete static_cast<OwnedBytes*>(object); },
    [](void const* object, std::vector<Header>& out) {
        auto const& headers = static_cast<OwnedBytes const*>(object)->headers;
        out.insert(out.end(), headers.begin(), headers.end());
    },
    [](void* object, std::string_view name, std::string&) {
        return find_last(static_cast<OwnedBytes const*>(object)->headers, name);
    }};

/// Copies `from` to `at` and returns a view of the copy.
std::string_view copy_to(char*& at, std::string_view from) {
    if (!from.empty()) std::memcpy(at, from.data(), from.size());
    std::string_view const copy{at, from.size()};
    at += from.size();
    return copy;
}

std::size_t total_bytes(Record const& record, std::vector<Header> const& headers) {
    std::size_t total = 1 + record.key.value_or("").size() + record.value.value_or("").size();
    for (auto const& header : headers) {
        total += header.name.size() + header.value.value_or("").size();
    }
    return total;
}

/// Makes the record own copies of its present views and of `headers`.
void own(Record& record, std::vector<Header> headers) {
    auto owned = std::make_unique<OwnedBytes>();
    owned->bytes = std::make_unique<char[]>(total_bytes(record, headers));
    char* at = owned->bytes.get();
    if (record.key) record.key = copy_to(at, *record.key);
    if (record.value) record.value = copy_to(at, *record.value);
    for (auto& header : headers) {
        header.name = copy_to(at, header.name);
        if (header.value) header.value = copy_to(at, *header.value);
    }
    owned->headers = std::move(headers);
    record.handle = RecordHandle(owned.release(), &owned_operations);
}

}  // namespace

std::optional<std::string_view> RecordHandle::find_header(std::string_view name,
                                                          std::string& memory) const {
    if (object_ == nullptr) return std::nullopt;
    if (operations_->find_header != nullptr) return operations_->find_header(object_, name, memory);
    std::vector<Header> all;
    operations_->headers(object_, all);
    return find_last(all, name);
}

void Record::detach() {
    if (detached_) return;
    own(*this, headers());
    detached_ = true;
}

Record make_record(TopicPartition const& origin, Offset offset, std::optional<std::string_view> key,
                   std::optional<std::string_view> value, std::vector<Header> const& headers) {
    Record record;
    record.origin = &origin;
    record.offset = offset;
    record.key = key;
    record.value = value;
    own(record, headers);
    return record;
}

}  // namespace headrace::flow
