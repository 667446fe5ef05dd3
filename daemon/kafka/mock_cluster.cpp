#include "kafka/mock_cluster.hpp"

#include "kafka/client_config.hpp"

#include <librdkafka/rdkafka_mock.h>

#include <utility>

namespace headrace::kafka {
namespace {

struct DestroyCluster {
    void operator()(rd_kafka_mock_cluster_t* cluster) const noexcept {
        rd_kafka_mock_cluster_destroy(cluster);
    }
};

}  // namespace

struct MockCluster::Impl {
    Handle<rd_kafka_t> client;  ///< Its bookkeeping; goes last.
    std::unique_ptr<rd_kafka_mock_cluster_t, DestroyCluster> cluster;
    int brokers = 0;
};

Result<std::unique_ptr<MockCluster>> MockCluster::make(int brokers) {
    Properties const none;
    // Only errors: the client itself has no broker to talk to and would complain.
    auto conf = make_conf({.defaults = {{"log_level", "3"}}, .user = &none, .rules = {}});
    if (!conf) return conf.error();
    auto client = make_client(RD_KAFKA_PRODUCER, std::move(*conf));
    if (!client) return client.error();
    auto impl = std::make_unique<Impl>();
    impl->client = std::move(*client);
    impl->cluster.reset(rd_kafka_mock_cluster_new(impl->client.get(), brokers));
    impl->brokers = brokers;
    if (impl->cluster == nullptr) {
        return Error{ErrorCode::io, "the in-process Kafka cannot listen on a loopback port"};
    }
    // A lone member of a group need not wait for others.
    rd_kafka_mock_group_initial_rebalance_delay_ms(impl->cluster.get(), 0);
    return std::unique_ptr<MockCluster>(new MockCluster(std::move(impl)));
}

MockCluster::MockCluster(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MockCluster::~MockCluster() = default;

std::string MockCluster::bootstrap() const {
    return rd_kafka_mock_cluster_bootstraps(impl_->cluster.get());
}

Result<void> MockCluster::create_topic(std::string const& name, int partitions) {
    auto const code =
        rd_kafka_mock_topic_create(impl_->cluster.get(), name.c_str(), partitions, impl_->brokers);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return to_error(code, "creating topic " + name);
    return {};
}

void MockCluster::push_errors(MockRequest request, std::vector<int> const& codes) {
    std::vector<rd_kafka_resp_err_t> errors;
    for (int const code : codes)
        errors.push_back(static_cast<rd_kafka_resp_err_t>(code));
    rd_kafka_mock_push_request_errors_array(
        impl_->cluster.get(), static_cast<std::int16_t>(request), errors.size(), errors.data());
}

void MockCluster::clear_errors(MockRequest request) {
    rd_kafka_mock_clear_request_errors(impl_->cluster.get(), static_cast<std::int16_t>(request));
}

void MockCluster::fail_topic(std::string const& name, int code) {
    rd_kafka_mock_topic_set_error(impl_->cluster.get(), name.c_str(),
                                  static_cast<rd_kafka_resp_err_t>(code));
}

void MockCluster::stop_brokers() {
    for (int number = 1; number <= impl_->brokers; ++number)
        stop_broker(number);
}

void MockCluster::start_brokers() {
    for (int number = 1; number <= impl_->brokers; ++number)
        start_broker(number);
}

void MockCluster::stop_broker(int number) {
    rd_kafka_mock_broker_set_down(impl_->cluster.get(), number);
}

void MockCluster::start_broker(int number) {
    rd_kafka_mock_broker_set_up(impl_->cluster.get(), number);
}

void MockCluster::move_leader(std::string const& topic, std::int32_t partition, int broker) {
    rd_kafka_mock_partition_set_leader(impl_->cluster.get(), topic.c_str(), partition, broker);
}

void MockCluster::move_coordinator(std::string const& group, int broker) {
    rd_kafka_mock_coordinator_set(impl_->cluster.get(), "group", group.c_str(), broker);
}

void MockCluster::set_round_trip(std::chrono::milliseconds time) {
    for (int id = 1; id <= impl_->brokers; ++id) {
        rd_kafka_mock_broker_set_rtt(impl_->cluster.get(), id, static_cast<int>(time.count()));
    }
}

}  // namespace headrace::kafka
