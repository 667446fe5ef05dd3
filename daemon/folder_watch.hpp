// Wakes when something changes in a set of folders, by inotify: files written in place, renamed
// into place, and the symbolic links that Kubernetes swaps. It only shortens the wait: what it
// cannot see (network file systems, a machine without watches left) is found by those who look
// anyway. Used by daemon. Thread safety: belongs to its executor's thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <set>
#include <string>

namespace headrace {

class FolderWatch {
  public:
    /// `on_change` is called on the executor, once for a burst of changes.
    FolderWatch(boost::asio::any_io_executor executor, std::function<void()> on_change);
    ~FolderWatch();
    FolderWatch(FolderWatch const&) = delete;
    FolderWatch& operator=(FolderWatch const&) = delete;

    /// Watches exactly these folders. Call it now and then: one that was replaced is found again.
    void follow(std::set<std::string> const& folders);

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace headrace
