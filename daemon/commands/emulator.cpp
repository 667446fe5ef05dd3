#include "base/clock.hpp"
#include "commands/commands.hpp"
#include "emulator/emulator_server.hpp"
#include "emulator/milvus.hpp"
#include "emulator/tecton.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <ostream>

namespace headrace::commands {
namespace {

/// Starts a double on the port; false, and the reason told, if it cannot.
template <class Server>
bool start(Server& server, char const* name, std::string const& address, char const* path,
           Streams streams) {
    auto const port = server.start();
    if (!port) {
        streams.err << "emulator: " << name << ": " << port.error().message << '\n';
        return false;
    }
    streams.out << name << " on http://" << address << ':' << *port << path << std::endl;
    return true;
}

http::ServerSettings listening_on(std::string const& address, int port) {
    http::ServerSettings settings;
    settings.address = address;
    settings.port = static_cast<std::uint16_t>(port);
    return settings;
}

}  // namespace

int execute(EmulatorCommand const& command, Streams streams) {
    SystemClock const clock;
    boost::asio::io_context io(1);
    emulator::Moment const start_at{clock.now(), clock.wall()};
    std::optional<emulator::TectonServer> tecton;
    std::optional<emulator::MilvusServer> milvus;
    if (command.tecton_port >= 0) {
        tecton.emplace(io.get_executor(), listening_on(command.listen, command.tecton_port),
                       emulator::TectonEmulator(emulator::default_tecton_settings(), start_at),
                       clock);
        if (!start(*tecton, "tecton", command.listen, "/ingest (workspace prod, key demo-key)",
                   streams))
            return exit_failure;
    }
    if (command.milvus_port >= 0) {
        milvus.emplace(io.get_executor(), listening_on(command.listen, command.milvus_port),
                       emulator::MilvusEmulator(emulator::default_milvus_settings(), start_at),
                       clock);
        if (!start(*milvus, "milvus", command.listen, " (collections docs and pages)", streams))
            return exit_failure;
    }
    boost::asio::signal_set signals(io, SIGTERM, SIGINT);
    signals.async_wait([&](boost::system::error_code, int) {
        if (tecton) tecton->stop();
        if (milvus) milvus->stop();
        io.stop();
    });
    io.run();
    return exit_ok;
}

}  // namespace headrace::commands
