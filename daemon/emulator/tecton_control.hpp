// `/_emulator/` of the emulated Tecton: figures, rows, ids, faults, switches, and keys, workspaces
// and stream sources at run time. docs/emulators.md describes it. Thread safety: as its emulator.
#pragma once

#include "emulator/reply.hpp"

namespace headrace::emulator {

class TectonEmulator;

class TectonControl {
  public:
    explicit TectonControl(TectonEmulator& emulator) : emulator_(emulator) {}

    [[nodiscard]] http::ServerResponse answer(http::ServerRequest const& request, Moment now);

  private:
    [[nodiscard]] http::ServerResponse stats() const;
    [[nodiscard]] http::ServerResponse rows(http::ServerRequest const& request) const;
    [[nodiscard]] http::ServerResponse ids(http::ServerRequest const& request) const;
    [[nodiscard]] http::ServerResponse change(http::ServerRequest const& request, Moment now);
    [[nodiscard]] http::ServerResponse remove(http::ServerRequest const& request);

    TectonEmulator& emulator_;
};

}  // namespace headrace::emulator
