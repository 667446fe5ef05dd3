# One INTERFACE target carries warnings, sanitizers and coverage, so that no folder sets flags of its own.
option(HEADRACE_WARNINGS_AS_ERRORS "Treat compiler warnings as errors" OFF)
option(HEADRACE_COVERAGE "Instrument for gcov" OFF)
option(HEADRACE_BUILD_FUZZERS "Build the libFuzzer targets (clang only)" OFF)
option(HEADRACE_STATIC_RDKAFKA "Link librdkafka into the binary, for systems whose own is too old" OFF)
set(HEADRACE_SANITIZERS "" CACHE STRING "Comma separated list for -fsanitize=, for example address,undefined")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

find_program(HEADRACE_CCACHE ccache)
if(HEADRACE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${HEADRACE_CCACHE})
endif()

add_library(headrace_options INTERFACE)
target_include_directories(headrace_options INTERFACE ${PROJECT_SOURCE_DIR}/daemon)
target_compile_features(headrace_options INTERFACE cxx_std_20)
target_compile_options(headrace_options INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor
    -Wno-missing-field-initializers  # Designated initialisers leave out what keeps its default.
    $<$<BOOL:${HEADRACE_WARNINGS_AS_ERRORS}>:-Werror>)
if(HEADRACE_SANITIZERS)
    target_compile_options(headrace_options INTERFACE
        -fsanitize=${HEADRACE_SANITIZERS} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(headrace_options INTERFACE -fsanitize=${HEADRACE_SANITIZERS})
    if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
        # Clang 14 cannot instrument coroutines for it ("Cannot represent a difference across sections").
        target_compile_options(headrace_options INTERFACE -fno-sanitize=function)
    endif()
    if(HEADRACE_SANITIZERS MATCHES thread)
        # Asio's fences are not modelled by ThreadSanitizer; GCC warns of each.
        target_compile_options(headrace_options INTERFACE -Wno-tsan)
    endif()
endif()
if(HEADRACE_BUILD_FUZZERS)
    # The libraries report what they reach, too: without it libFuzzer sees its own file only.
    target_compile_options(headrace_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(HEADRACE_COVERAGE)
    # -pthread makes the counters atomic; ccache 4.7 refuses the option that says so by name.
    target_compile_options(headrace_options INTERFACE --coverage -pthread)
    target_link_options(headrace_options INTERFACE --coverage)
endif()
