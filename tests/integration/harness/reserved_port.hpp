// A loopback port that refuses connections and that nobody else can take, until a server of these
// tests listens on it. Thread safety: one thread.
#pragma once

#include <cstdint>

namespace headrace::integration {

class ReservedPort {
  public:
    ReservedPort();
    ~ReservedPort();
    ReservedPort(ReservedPort const&) = delete;
    ReservedPort& operator=(ReservedPort const&) = delete;

    [[nodiscard]] std::uint16_t number() const noexcept { return number_; }
    /// From now on others get "in use", too.
    void listen() const;

  private:
    int socket_ = -1;
    std::uint16_t number_ = 0;
};

}  // namespace headrace::integration
