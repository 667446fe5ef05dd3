// `/_emulator/` of the emulated Milvus: figures, rows, ids, faults, switches, tokens and
// collections at run time. docs/emulators.md describes it. Thread safety: as its emulator.
#pragma once

#include "emulator/reply.hpp"

namespace headrace::emulator {

class MilvusEmulator;

class MilvusControl {
  public:
    explicit MilvusControl(MilvusEmulator& emulator) : emulator_(emulator) {}

    [[nodiscard]] http::ServerResponse answer(http::ServerRequest const& request, Moment now);

  private:
    [[nodiscard]] http::ServerResponse stats() const;
    [[nodiscard]] http::ServerResponse rows(http::ServerRequest const& request, Moment now) const;
    [[nodiscard]] http::ServerResponse ids(http::ServerRequest const& request) const;
    [[nodiscard]] http::ServerResponse change(http::ServerRequest const& request);

    MilvusEmulator& emulator_;
};

}  // namespace headrace::emulator
