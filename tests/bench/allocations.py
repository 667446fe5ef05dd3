"""How often the running daemon asks for memory: operator new is counted by an LD_PRELOAD library
(micro/count_new.cpp), so its own allocations and Asio's, not the malloc of librdkafka."""
import time

from program import Program
from stage import PROGRAMS, SPACING

# The steady part of a run: groups have formed, buffers have grown.
BEGIN, END = 0.3, 0.9


def count_allocations(stage, contender, load, patience_secs=120):
    """Calls of operator new per record and per request in the steady part of a run."""
    sink = load["sink"]
    counts = stage.folder / "allocations"
    sink.ask("reset", load["records"], "number", load.get("spacing", SPACING))
    program = Program(contender.command(stage, load), stage.folder / "program.log",
                      {"LD_PRELOAD": str(PROGRAMS / "micro/libbench_count_new.so"),
                       "COUNT_NEW_FILE": str(counts)}, stage.cores)
    try:
        ends = time.monotonic() + patience_secs
        begin, end = (wait_for(share * load["records"], program, sink, counts, ends)
                      for share in (BEGIN, END))
    finally:
        program.stop()
    calls, records, requests = (last - first for first, last in zip(begin, end))
    return {"calls": calls, "records": records, "requests": requests,
            "per_record": calls / records, "per_request": calls / requests}


def wait_for(records, program, sink, counts, ends):
    """Calls, records and requests so far, once so many records have arrived."""
    while True:
        seen = sink.ask("stats")
        if seen["distinct"] >= records:
            return int.from_bytes(counts.read_bytes(), "little"), seen["records"], seen["requests"]
        if program.has_ended() or time.monotonic() > ends:
            raise RuntimeError(f"{seen['distinct']} records arrived\n{program.last_words()}")
        time.sleep(0.005)
