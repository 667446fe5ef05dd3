// How jemalloc serves this process; linked where it is (decision 13). librdkafka takes a buffer of
// half a megabyte for each answer of a broker: glibc gets and returns such buffers from the kernel
// each time, and their pages cost more than what stands in them. jemalloc keeps them for a second.
// Two arenas: what a broker's thread allocates is freed by a route's.

// jemalloc's own name for it: see "TUNING" in jemalloc(3).
extern "C" char const* malloc_conf;
char const* malloc_conf = "narenas:2,dirty_decay_ms:1000,muzzy_decay_ms:0";
