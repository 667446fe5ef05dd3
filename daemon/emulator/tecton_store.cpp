#include "emulator/tecton_store.hpp"

#include "base/hash.hpp"

#include <algorithm>

namespace headrace::emulator {

void TectonStore::write(TectonWrite const& write, FeatureView const& view) {
    if (views_.size() <= write.view) views_.resize(write.view + 1);
    auto& table = views_[write.view];
    ++table.stats.writes;
    if (form_ == StoreForm::counts) return;
    auto& cells = table.cells[write.key];
    auto const place =
        std::lower_bound(cells.begin(), cells.end(), write.ns,
                         [](Cell const& cell, std::int64_t ns) { return cell.ns < ns; });
    Cell cell{write.ns, hash_bytes(write.record, 0), {}};
    if (form_ == StoreForm::rows) cell.record = write.record;
    if (place != cells.end() && place->ns == write.ns) {
        ++table.stats.repeated;
        if (place->fingerprint != cell.fingerprint) ++table.stats.overwritten;
        *place = std::move(cell);
        return;
    }
    if (!view.aggregates && !cells.empty()) {
        if (place == cells.end()) cells.front() = std::move(cell);
        return;
    }
    if (table.stats.rows >= rows_max_) {
        ++table.stats.not_kept;
        return;
    }
    cells.insert(place, std::move(cell));
    ++table.stats.rows;
}

void TectonStore::count_id(std::string const& source, JsonNode id) {
    if (form_ == StoreForm::counts) return;
    sources_[source].ids.add_any(id.text());
}

ViewStats TectonStore::view(std::size_t index) const {
    return index < views_.size() ? views_[index].stats : ViewStats{};
}

std::vector<TectonRow> TectonStore::rows(std::size_t view, std::size_t offset,
                                         std::size_t limit) const {
    std::vector<TectonRow> result;
    if (view >= views_.size()) return result;
    std::vector<std::string const*> keys;
    for (auto const& [key, cells] : views_[view].cells) {
        keys.push_back(&key);
    }
    std::sort(keys.begin(), keys.end(),
              [](std::string const* left, std::string const* right) { return *left < *right; });
    for (auto const* key : keys) {
        for (auto const& cell : views_[view].cells.at(*key)) {
            if (offset != 0) {
                --offset;
                continue;
            }
            if (result.size() == limit) return result;
            result.push_back({*key, cell.ns, cell.record});
        }
    }
    return result;
}

}  // namespace headrace::emulator
