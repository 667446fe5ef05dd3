// Query, get and search of the emulated Milvus, and the selection by filter that delete shares.
// Pure: what they need is passed in. Thread safety: as the emulator that calls them.
#pragma once

#include "emulator/milvus.hpp"
#include "emulator/milvus_filter.hpp"

namespace headrace::emulator {

class MilvusReads {
  public:
    MilvusReads(MilvusStore const& store, MilvusSwitches const& switches)
        : store_(store), switches_(switches) {}

    /// REQUIRES: call.collection is set and call.operation is `query`, `get` or `search`.
    [[nodiscard]] MilvusOutcome answer(MilvusCall const& call, TimePoint now) const;

    /// Rows that a filter selects, for delete.
    [[nodiscard]] static std::vector<MilvusRow> select(std::vector<MilvusRow> rows,
                                                       MilvusFilter const& filter,
                                                       MilvusCollection const& collection);

  private:
    [[nodiscard]] MilvusOutcome query(MilvusCall const& call, TimePoint now) const;
    [[nodiscard]] MilvusOutcome get(MilvusCall const& call) const;
    [[nodiscard]] MilvusOutcome search(MilvusCall const& call, TimePoint now) const;
    [[nodiscard]] std::vector<MilvusRow> visible(MilvusCall const& call, TimePoint now) const;

    MilvusStore const& store_;
    MilvusSwitches const& switches_;
};

}  // namespace headrace::emulator
