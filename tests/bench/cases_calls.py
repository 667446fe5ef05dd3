"""System calls of a request, counted by strace in runs of their own: it slows what it counts."""
import os
import re
import signal
import time
from pathlib import Path

from contenders import Daemon, Floor
from program import Program
from registry import case
from result import Result
from stage import SPACING, await_all

RECORDS = 200_000
OF_INTEREST = ("sendto", "sendmsg", "write", "recvfrom", "recvmsg", "read", "epoll_wait",
               "epoll_pwait", "epoll_ctl", "futex", "poll", "ppoll", "madvise", "brk", "mmap",
               "munmap", "clock_nanosleep", "sched_yield")


def calls_of(stage, contender, load):
    """Calls by name, and requests."""
    counts = stage.folder / "strace.txt"
    load["sink"].ask("reset", RECORDS, "number" if contender.sends_own_bodies else "count", SPACING)
    command = ["strace", "-f", "-c", "-o", str(counts), *contender.command(stage, load)]
    tracer = Program(command, stage.folder / "program.log")
    try:
        await_all(tracer, load, RECORDS)
    finally:
        # strace ends when the program does.
        traced = Path(f"/proc/{tracer.pid}/task/{tracer.pid}/children").read_text("ascii").split()
        for child in traced:
            os.kill(int(child), signal.SIGTERM)
        while not tracer.has_ended():
            time.sleep(0.05)
    rows = re.findall(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)(?:\s+(\d+))?\s+(\w+)$",
                      counts.read_text("ascii"), re.M)
    calls = {name: (int(count), int(errors or 0)) for count, errors, name in rows
             if name != "total"}
    return calls, load["sink"].ask("stats")["requests"]


@case("calls", "system calls of a request, by strace; those of librdkafka's threads included")
def calls_case(stage, options):
    load = {"topic": stage.topic(RECORDS), "records": RECORDS, "sink": stage.sink(),
            "patience_secs": 120}
    result = Result()
    for contender in (Floor(), Daemon("daemon, order none"), Daemon("daemon, order key", "key")):
        calls, requests = calls_of(stage, contender, load)
        for name in OF_INTEREST:
            count, errors = calls.get(name, (0, 0))
            if count / requests >= 0.005:
                result.add(f"{contender.name}: {name}", count / requests)
                if errors / requests >= 0.005:
                    result.add(f"{contender.name}: {name} that failed", errors / requests)
    return result
