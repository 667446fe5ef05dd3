// Writes records to a real Kafka in a transaction, which the daemon's own producer never does.
// Thread safety: free functions.
#pragma once

#include "harness/feed.hpp"

#include <memory>
#include <string>
#include <vector>

namespace headrace::integration {

enum class TransactionEnd {
    commit,  ///< Readers of committed records see it.
    abort,   ///< They do not, though it takes its offsets.
};

/// A transaction that stays open until it is ended, or until the brokers find it too old. Several
/// may be open at once if their ids differ. Throws if the brokers refuse.
class Transaction {
  public:
    Transaction(std::string const& bootstrap_servers, std::string const& id);
    ~Transaction();
    Transaction(Transaction const&) = delete;
    Transaction& operator=(Transaction const&) = delete;

    /// Waits until the brokers have them.
    void write(std::vector<FedRecord> const& records);
    void end(TransactionEnd end);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Writes everything, then ends the transaction; throws if the brokers refuse.
void write_transaction(std::string const& bootstrap_servers, std::vector<FedRecord> const& records,
                       TransactionEnd end);

}  // namespace headrace::integration
