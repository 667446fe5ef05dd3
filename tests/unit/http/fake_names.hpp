// Names that a test gives addresses to, for whatever asks the system in this program: it stands in
// front of the C library's getaddrinfo, which serves all other names.
// Thread safety: any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace headrace::http::testing {

class FakeName {
  public:
    /// No addresses: the look-up fails as it does when no server of DNS answers.
    FakeName(std::string name, std::vector<std::string> addresses);
    ~FakeName();
    FakeName(FakeName const&) = delete;
    FakeName& operator=(FakeName const&) = delete;

    void set(std::vector<std::string> addresses);
    /// Look-ups wait from now on, until release() or the end of this.
    void hang();
    void release();
    /// Look-ups that began.
    [[nodiscard]] std::size_t asked() const;

    struct Entry;

  private:
    std::shared_ptr<Entry> entry_;
};

}  // namespace headrace::http::testing
