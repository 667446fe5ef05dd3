// What the emulated services keep of a written record. Used by both emulators' settings and stores.
// Plain values.
#pragma once

#include <cstdint>

namespace headrace::emulator {

enum class StoreForm : std::uint8_t {
    rows,    ///< The record's text under its key.
    ids,     ///< The rows' keys and the record ids, without text.
    counts,  ///< Numbers alone.
};

}  // namespace headrace::emulator
