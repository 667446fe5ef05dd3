"""Stops one thread of a process and no other, as a lock that is never given back would.

freeze.py THREAD: stays until it is ended, or the thread is gone. The rest of the process runs on.
"""

import ctypes
import os
import sys

PTRACE_SEIZE, PTRACE_INTERRUPT = 0x4206, 0x4207
WALL = 0x40000000


def main(thread):
    libc = ctypes.CDLL(None, use_errno=True)
    for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
        if libc.ptrace(request, thread, None, None) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")
    _, status = os.waitpid(thread, WALL)
    if not os.WIFSTOPPED(status):
        return
    print("frozen", flush=True)
    # Nothing lets it go on but its end.
    os.waitpid(thread, WALL)


if __name__ == "__main__":
    main(int(sys.argv[1]))
