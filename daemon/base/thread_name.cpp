#include "base/thread_name.hpp"

#include <algorithm>
#include <array>
#include <pthread.h>

namespace headrace {

std::string fit_thread_name(std::string_view prefix, std::string_view name) {
    prefix = prefix.substr(0, thread_name_bytes_max);
    std::size_t const room = thread_name_bytes_max - prefix.size();
    std::string out(prefix);
    if (name.size() <= room) {
        out += name;
    } else if (room >= 3) {
        std::size_t const tail = room / 2;
        out += name.substr(0, room - tail - 1);
        out += '~';
        out += name.substr(name.size() - tail);
    } else {
        out += name.substr(0, room);
    }
    return out;
}

void name_thread(std::string_view prefix, std::string_view name) noexcept {
    // Fifteen bytes stay within the string itself: nothing is allocated, nothing is thrown.
    static_cast<void>(
        ::pthread_setname_np(::pthread_self(), fit_thread_name(prefix, name).c_str()));
}

}  // namespace headrace
