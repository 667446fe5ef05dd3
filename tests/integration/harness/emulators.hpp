// Tecton's and Milvus's doubles on a thread of their own, as destinations of the daemon under test.
// Figures, faults and switches are asked for through tecton() and milvus(). Thread safety: one
// thread of the tests; the doubles answer on theirs.
#pragma once

#include "base/clock.hpp"
#include "emulator/emulator_server.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <thread>

namespace headrace::integration {

class Emulators {
  public:
    struct Settings {
        emulator::TectonSettings tecton = emulator::default_tecton_settings();
        emulator::MilvusSettings milvus = emulator::default_milvus_settings();
        std::uint16_t tecton_port = 0;  ///< 0: any free one.
    };

    Emulators() : Emulators(Settings{}) {}
    explicit Emulators(Settings settings);
    ~Emulators();
    Emulators(Emulators const&) = delete;
    Emulators& operator=(Emulators const&) = delete;

    [[nodiscard]] std::string tecton_url() const;
    [[nodiscard]] std::uint16_t tecton_port() const noexcept { return tecton_port_; }
    [[nodiscard]] std::string milvus_url() const;

    template <class Look>
    auto tecton(Look&& look) {
        return tecton_.inspect(std::forward<Look>(look));
    }
    template <class Look>
    auto milvus(Look&& look) {
        return milvus_.inspect(std::forward<Look>(look));
    }
    /// Faults that begin now; a `count` and a `skip` as in FaultRule.
    void break_tecton(emulator::FaultRule rule);
    void break_milvus(emulator::FaultRule rule);
    void mend_tecton();
    void mend_milvus();

    /// For tests of the store's figures.
    [[nodiscard]] emulator::TectonStats tecton_stats();
    [[nodiscard]] emulator::MilvusStats milvus_stats();
    /// How many of the ids [0, count) never came to the stream source.
    [[nodiscard]] std::uint64_t tecton_missing(std::string const& source, std::int64_t count);
    [[nodiscard]] std::uint64_t tecton_duplicates(std::string const& source);
    /// The same of the collection `docs`.
    [[nodiscard]] std::uint64_t milvus_missing(std::int64_t count);
    [[nodiscard]] std::uint64_t milvus_duplicates();

  private:
    SystemClock clock_;
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    emulator::TectonServer tecton_;
    emulator::MilvusServer milvus_;
    std::uint16_t tecton_port_ = 0;
    std::uint16_t milvus_port_ = 0;
    std::thread thread_;
};

}  // namespace headrace::integration
