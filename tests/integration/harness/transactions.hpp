// Writes records to a real Kafka in a transaction, which the daemon's own producer never does.
// Thread safety: free functions.
#pragma once

#include "harness/feed.hpp"

#include <string>
#include <vector>

namespace headrace::integration {

enum class TransactionEnd {
    commit,  ///< Readers of committed records see it.
    abort,   ///< They do not, though it takes its offsets.
};

/// Writes everything, then ends the transaction; throws if the brokers refuse.
void write_transaction(std::string const& bootstrap_servers, std::vector<FedRecord> const& records,
                       TransactionEnd end);

}  // namespace headrace::integration
