#include "config/cpu_quota.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <fstream>

namespace headrace::config {
namespace {

/// A tree of cgroup files.
class Cgroups {
  public:
    Cgroups() {
        std::string pattern = (std::filesystem::temp_directory_path() / "headrace-XXXXXX").string();
        root_ = ::mkdtemp(pattern.data());
    }
    ~Cgroups() {
        std::error_code ignored;
        std::filesystem::remove_all(root_, ignored);
    }
    Cgroups(Cgroups const&) = delete;
    Cgroups& operator=(Cgroups const&) = delete;
    void write(std::string const& file, std::string const& content) const {
        std::filesystem::create_directories((root_ / file).parent_path());
        std::ofstream(root_ / file) << content;
    }
    [[nodiscard]] std::filesystem::path const& root() const { return root_; }

  private:
    std::filesystem::path root_;
};

TEST_CASE("cgroup files grant a number of CPUs or no limit") {
    CHECK(parse_cpu_max("150000 100000\n") == 1.5);
    CHECK(parse_cpu_max("max 100000\n") == std::nullopt);
    CHECK(parse_cfs("50000\n", "100000\n") == 0.5);
    CHECK(parse_cfs("-1\n", "100000\n") == std::nullopt);
    for (auto const* const text :
         {"", " ", "1", "a b", "1 0", "0 1", "100000 100000 7", "99999999999999999999 1"}) {
        INFO(text);
        CHECK_FALSE(parse_cpu_max(text));
    }
}

TEST_CASE("workers are the quota rounded up, at least one and at most four") {
    CHECK(workers_auto(0.5, 8) == 1);
    CHECK(workers_auto(1.5, 8) == 2);
    CHECK(workers_auto(3.0, 8) == 3);
    CHECK(workers_auto(64, 128) == 4);
    CHECK(workers_auto(3.5, 2) == 2);
    CHECK(workers_auto(std::nullopt, 2) == 2);
    CHECK(workers_auto(std::nullopt, 16) == 4);
    CHECK(workers_auto(std::nullopt, 0) == 1);
}

TEST_CASE("the smallest quota on the way to the root holds in cgroup v2") {
    Cgroups const cgroups;
    cgroups.write("system.slice/cpu.max", "200000 100000\n");
    cgroups.write("system.slice/headrace.service/cpu.max", "max 100000\n");
    CHECK(read_cpu_quota(cgroups.root(), "0::/system.slice/headrace.service\n") == 2.0);
    cgroups.write("system.slice/headrace.service/cpu.max", "150000 100000\n");
    CHECK(read_cpu_quota(cgroups.root(), "0::/system.slice/headrace.service\n") == 1.5);
    cgroups.write("cpu.max", "100000 100000\n");
    CHECK(read_cpu_quota(cgroups.root(), "0::/\n") == 1.0);
    CHECK(read_cpu_quota(cgroups.root(), "0::/../../elsewhere\n") == 1.0);
}

TEST_CASE("cgroup v1 has its quota in the cpu controller's tree") {
    Cgroups const cgroups;
    cgroups.write("cpu,cpuacct/docker/x/cpu.cfs_quota_us", "250000\n");
    cgroups.write("cpu,cpuacct/docker/x/cpu.cfs_period_us", "100000\n");
    auto const self =
        "12:memory:/docker/x\n4:cpu,cpuacct:/docker/x\n3:cpuset:/docker/x\nnonsense\n1:name\n";
    CHECK(read_cpu_quota(cgroups.root(), self) == 2.5);
    CHECK_FALSE(read_cpu_quota(cgroups.root(), "3:cpuset:/docker/x\n"));
    CHECK_FALSE(read_cpu_quota(cgroups.root() / "absent", self));
    CHECK_FALSE(read_cpu_quota(cgroups.root(), ""));
}

}  // namespace
}  // namespace headrace::config
