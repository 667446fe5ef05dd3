// For the thread sanitizer only: C11's threads and locks, which librdkafka uses, on top of POSIX's,
// which the sanitizer knows. Without it, it takes librdkafka's threads for none of its business and
// crashes in them. In glibc the types are the same.
#include <cerrno>
#include <cstdint>
#include <memory>
#include <pthread.h>
#include <threads.h>

namespace {

struct Start {
    thrd_start_t function;
    void* argument;
};

void* run(void* raw) {
    std::unique_ptr<Start> const start{static_cast<Start*>(raw)};
    return reinterpret_cast<void*>(static_cast<std::intptr_t>(start->function(start->argument)));
}

int result_of(int code) {
    if (code == 0) return thrd_success;
    if (code == EBUSY) return thrd_busy;
    return code == ETIMEDOUT ? thrd_timedout : thrd_error;
}

pthread_mutex_t* mutex_of(mtx_t* mutex) {
    return reinterpret_cast<pthread_mutex_t*>(mutex);
}
pthread_cond_t* condition_of(cnd_t* condition) {
    return reinterpret_cast<pthread_cond_t*>(condition);
}

}  // namespace

static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t) && sizeof(cnd_t) == sizeof(pthread_cond_t));

extern "C" {

// librdkafka's own atomics are not instrumented, so that what it frees after counting references
// down looks like a race. The address sanitizer still sees every use after free.
char const* __tsan_default_suppressions() {
    return "race:librdkafka.so\n";
}

int thrd_create(thrd_t* thread, thrd_start_t function, void* argument) {
    auto start = std::make_unique<Start>(Start{function, argument});
    int const code = pthread_create(thread, nullptr, run, start.get());
    if (code == 0) static_cast<void>(start.release());
    return result_of(code);
}
int thrd_join(thrd_t thread, int* result) {
    void* value = nullptr;
    int const code = pthread_join(thread, &value);
    if (result != nullptr) *result = static_cast<int>(reinterpret_cast<std::intptr_t>(value));
    return result_of(code);
}
int thrd_detach(thrd_t thread) {
    return result_of(pthread_detach(thread));
}

int mtx_init(mtx_t* mutex, int type) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    bool const is_recursive = (type & mtx_recursive) != 0;
    pthread_mutexattr_settype(&attributes,
                              is_recursive ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL);
    int const code = pthread_mutex_init(mutex_of(mutex), &attributes);
    pthread_mutexattr_destroy(&attributes);
    return result_of(code);
}
int mtx_lock(mtx_t* mutex) {
    return result_of(pthread_mutex_lock(mutex_of(mutex)));
}
int mtx_trylock(mtx_t* mutex) {
    return result_of(pthread_mutex_trylock(mutex_of(mutex)));
}
int mtx_unlock(mtx_t* mutex) {
    return result_of(pthread_mutex_unlock(mutex_of(mutex)));
}
void mtx_destroy(mtx_t* mutex) {
    pthread_mutex_destroy(mutex_of(mutex));
}

int cnd_init(cnd_t* condition) {
    return result_of(pthread_cond_init(condition_of(condition), nullptr));
}
int cnd_signal(cnd_t* condition) {
    return result_of(pthread_cond_signal(condition_of(condition)));
}
int cnd_broadcast(cnd_t* condition) {
    return result_of(pthread_cond_broadcast(condition_of(condition)));
}
int cnd_wait(cnd_t* condition, mtx_t* mutex) {
    return result_of(pthread_cond_wait(condition_of(condition), mutex_of(mutex)));
}
int cnd_timedwait(cnd_t* condition, mtx_t* mutex, timespec const* until) {
    return result_of(pthread_cond_timedwait(condition_of(condition), mutex_of(mutex), until));
}
void cnd_destroy(cnd_t* condition) {
    pthread_cond_destroy(condition_of(condition));
}

}  // extern "C"
