#include "emulator/milvus_store.hpp"

#include <algorithm>
#include <tuple>

namespace headrace::emulator {
namespace {

bool is_wanted(std::vector<std::string> const& partitions, std::string const& name) {
    return partitions.empty() ||
           std::find(partitions.begin(), partitions.end(), name) != partitions.end();
}

}  // namespace

void MilvusStore::note(Table& table, std::string const& partition, std::string const& key,
                       TimePoint now, Duration lag) {
    while (!table.changes.empty() && table.changes.front().at + lag <= now) {
        table.changes.pop_front();
    }
    if (lag == Duration::zero()) return;
    Change change{now, partition, key, {}};
    auto const [from, to] = table.partitions[partition].equal_range(key);
    for (auto row = from; row != to; ++row) {
        change.before.push_back(row->second);
    }
    table.changes.push_back(std::move(change));
}

void MilvusStore::write(MilvusWrite const& write, TimePoint now, Duration lag) {
    auto& table = tables_[write.collection];
    if (form_ == StoreForm::counts) return;
    bool const erases = write.kind == MilvusWriteKind::erase;
    if (!write.partition.empty()) table.partitions.try_emplace(write.partition);
    for (auto& [name, partition] : table.partitions) {
        if (!write.partition.empty() && name != write.partition) continue;
        for (auto const& row : write.rows) {
            bool const known = partition.contains(row.key);
            if (known && !erases) ++table.counts.keys_repeated;
            note(table, name, row.key, now, lag);
            if (known && write.kind != MilvusWriteKind::insert) partition.erase(row.key);
        }
        if (erases) continue;
        for (auto const& row : write.rows) {
            partition.emplace(row.key, form_ == StoreForm::rows ? row.text : std::string());
        }
    }
}

std::vector<MilvusRow> MilvusStore::rows(std::string const& collection,
                                         std::vector<std::string> const& partitions, TimePoint now,
                                         Duration lag) const {
    std::vector<MilvusRow> result;
    auto const table = tables_.find(collection);
    if (table == tables_.end()) return result;
    // The first change of a key within the lag tells what a lagging reader still sees.
    std::map<std::pair<std::string, std::string>, Change const*> hidden;
    for (auto const& change : table->second.changes) {
        if (change.at + lag > now) hidden.try_emplace({change.partition, change.key}, &change);
    }
    for (auto const& [name, partition] : table->second.partitions) {
        if (!is_wanted(partitions, name)) continue;
        for (auto const& [key, text] : partition) {
            if (hidden.empty() || !hidden.contains({name, key}))
                result.push_back({name, key, text});
        }
    }
    for (auto const& [place, change] : hidden) {
        if (!is_wanted(partitions, place.first)) continue;
        for (auto const& text : change->before) {
            result.push_back({place.first, place.second, text});
        }
    }
    std::sort(result.begin(), result.end(), [](MilvusRow const& left, MilvusRow const& right) {
        // Numbers by value: shorter is smaller, but for the sign, which tests do not mind.
        return std::make_tuple(left.key.size(), std::cref(left.key)) <
               std::make_tuple(right.key.size(), std::cref(right.key));
    });
    return result;
}

std::vector<MilvusRow> MilvusStore::rows_of(std::string const& collection,
                                            std::vector<std::string> const& partitions,
                                            std::vector<std::string> const& keys) const {
    std::vector<MilvusRow> result;
    auto const table = tables_.find(collection);
    if (table == tables_.end()) return result;
    for (auto const& key : keys) {
        for (auto const& [name, partition] : table->second.partitions) {
            if (!is_wanted(partitions, name)) continue;
            auto const [from, to] = partition.equal_range(key);
            for (auto row = from; row != to; ++row) {
                result.push_back({name, key, row->second});
            }
        }
    }
    return result;
}

std::uint64_t MilvusStore::row_count(std::string const& collection) const {
    std::uint64_t count = 0;
    auto const table = tables_.find(collection);
    if (table == tables_.end()) return 0;
    for (auto const& [name, partition] : table->second.partitions) {
        count += partition.size();
    }
    return count;
}

std::vector<MilvusStore::CollectionCounts> MilvusStore::all_counts() const {
    std::vector<CollectionCounts> result;
    for (auto const& [name, table] : tables_) {
        result.push_back({name, row_count(name), &table.counts});
    }
    return result;
}

}  // namespace headrace::emulator
