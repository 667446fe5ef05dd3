#include "harness/transactions.hpp"

#include <librdkafka/rdkafka.h>

#include <map>
#include <memory>
#include <stdexcept>

namespace headrace::integration {
namespace {

constexpr int answer_limit_ms = 30'000;

struct Delete {
    void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
    void operator()(rd_kafka_error_t* handle) const { rd_kafka_error_destroy(handle); }
};
using Client = std::unique_ptr<rd_kafka_t, Delete>;

void check(rd_kafka_error_t* raw) {
    std::unique_ptr<rd_kafka_error_t, Delete> const error(raw);
    if (error) throw std::runtime_error(rd_kafka_error_string(error.get()));
}

Client make_client(std::string const& bootstrap_servers, std::string const& id) {
    auto* const conf = rd_kafka_conf_new();
    char error[256];
    for (auto const& [name, value] : std::map<std::string, std::string>{
             {"bootstrap.servers", bootstrap_servers}, {"transactional.id", id}}) {
        if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error, sizeof error) !=
            RD_KAFKA_CONF_OK)
            throw std::runtime_error(error);
    }
    auto* const client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
    if (client == nullptr) throw std::runtime_error(error);
    return Client(client);
}

void produce(rd_kafka_t* client, FedRecord const& record) {
    auto value = record.value.value_or("");
    auto const error = rd_kafka_producev(client, RD_KAFKA_V_TOPIC(record.topic.c_str()),
                                         RD_KAFKA_V_PARTITION(record.partition.value_or(0)),
                                         RD_KAFKA_V_VALUE(value.data(), value.size()),
                                         RD_KAFKA_V_HEADER("source", record.source.c_str(), -1),
                                         RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(error));
}

}  // namespace

struct Transaction::Impl {
    Client client;
};

Transaction::Transaction(std::string const& bootstrap_servers, std::string const& id)
    : impl_(std::make_unique<Impl>(Impl{make_client(bootstrap_servers, id)})) {
    check(rd_kafka_init_transactions(impl_->client.get(), answer_limit_ms));
    check(rd_kafka_begin_transaction(impl_->client.get()));
}

Transaction::~Transaction() = default;

void Transaction::write(std::vector<FedRecord> const& records) {
    for (auto const& record : records) {
        produce(impl_->client.get(), record);
    }
    // An abort would purge what is still in the queue: the brokers shall have seen it.
    rd_kafka_flush(impl_->client.get(), answer_limit_ms);
}

void Transaction::end(TransactionEnd end) {
    auto* const client = impl_->client.get();
    check(end == TransactionEnd::commit ? rd_kafka_commit_transaction(client, answer_limit_ms)
                                        : rd_kafka_abort_transaction(client, answer_limit_ms));
}

void write_transaction(std::string const& bootstrap_servers, std::vector<FedRecord> const& records,
                       TransactionEnd end) {
    Transaction transaction(bootstrap_servers, "headrace-test");
    transaction.write(records);
    transaction.end(end);
}

}  // namespace headrace::integration
