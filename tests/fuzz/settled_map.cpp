// Any text as the metadata of a commit: what is read as a map of settled offsets must be bounded,
// in order, and the same when it is written and read again.
#include "flow/settled_map.hpp"

#include "expect.hpp"

#include <cstdint>

using namespace headrace;
using headrace::fuzz::expect;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const text(reinterpret_cast<char const*>(data), size);
    auto const map = flow::read_settled_map(text);
    if (!map) return 0;
    expect(size <= flow::SettledMap::bytes_max && map->ranges.size() <= size);
    expect(map->cluster_id.size() <= 64 && map->cluster_id.find(' ') == std::string::npos);
    expect(map->base >= 0 && map->leader_epoch >= -1);
    auto last = map->base - 2;
    flow::SettledMapWriter writer(map->base, map->cluster_id);
    for (auto const& range : map->ranges) {
        expect(range.first >= map->base && range.first >= last + 2 && range.last >= range.first);
        last = range.last;
        expect(flow::next(last) > last);
        if (!writer.add(range, map->leader_epoch)) break;
    }
    auto const again = flow::read_settled_map(writer.finish());
    // A short head leaves more room than the writer counts on: the far end may be cut.
    expect(map->ranges.empty() || again);
    for (std::size_t i = 0; again && i != again->ranges.size(); ++i) {
        expect(again->ranges[i] == map->ranges[i]);
    }
    flow::SettledBefore before(*map);
    for (auto const& range : map->ranges) {
        expect(before.covers(range.first, map->leader_epoch));
        expect(before.covers(range.last, map->leader_epoch));
        expect(!before.covers(flow::next(range.last), map->leader_epoch));
    }
    return 0;
}
