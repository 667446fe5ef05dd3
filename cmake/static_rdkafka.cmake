# PkgConfig::rdkafka, with the archive in place of the shared library, and what the archive needs.
find_library(HEADRACE_RDKAFKA_ARCHIVE librdkafka.a HINTS ${rdkafka_LIBDIR} REQUIRED)
pkg_check_modules(rdkafka_needs REQUIRED IMPORTED_TARGET libcurl libsasl2 liblz4 libzstd libssl libcrypto zlib)
set_target_properties(PkgConfig::rdkafka PROPERTIES
    INTERFACE_LINK_LIBRARIES "${HEADRACE_RDKAFKA_ARCHIVE};PkgConfig::rdkafka_needs;m;${CMAKE_DL_LIBS};Threads::Threads")
