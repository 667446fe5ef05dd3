# Every third-party library, found once. Debian 12 is the oldest that must build.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(simdjson REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(prometheus-cpp REQUIRED COMPONENTS core)
find_package(CLI11 REQUIRED)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)

# Not beside a sanitizer, which brings an allocator of its own.
if(NOT HEADRACE_SANITIZERS)
    pkg_check_modules(jemalloc REQUIRED IMPORTED_TARGET jemalloc)
endif()

# 2.0.2 (Debian 12's own) fails SCRAM with Kafka 4 and cannot set fetch.queue.backoff.ms.
pkg_check_modules(rdkafka REQUIRED IMPORTED_TARGET rdkafka)
if(rdkafka_VERSION VERSION_LESS 2.8)
    message(FATAL_ERROR "librdkafka ${rdkafka_VERSION} is too old: Headrace needs 2.8 or newer.\n"
        "On Debian 12 run scripts/install-dependencies, which builds and installs Debian 13's package.")
endif()

if(HEADRACE_STATIC_RDKAFKA)
    include(static_rdkafka)
endif()

if(BUILD_TESTING)
    find_package(Catch2 3 REQUIRED)
    include(Catch)
endif()

# Header-only Boost; the old concepts checks in 1.81 are deprecated by newer compilers only.
add_library(headrace_boost INTERFACE)
target_link_libraries(headrace_boost INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(headrace_boost INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
    BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=8)  # A coroutine frame for each step of an exchange is used again.
