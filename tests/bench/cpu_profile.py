"""Where the CPU goes: shares of the samples by thread and library, and the first symbols."""
import re
import shutil
import subprocess

from program import Program
from stage import SPACING, await_all

FREQUENCY_HZ = 1999
SYMBOLS = 40


def profile(stage, scenario):
    """Prints the profile of each of the scenario's daemons."""
    if not shutil.which("perf"):
        raise SystemExit("bench: there is no perf; install linux-perf")
    load = scenario.make_load(stage)
    for daemon in scenario.daemons():
        output = stage.folder / "perf.data"
        load["sink"].ask("reset", load["records"], "number", load.get("spacing", SPACING))
        # Virtual machines often have no hardware counters; a clock is always there.
        perf = ["perf", "record", "-q", "-e", "cpu-clock", "-F", str(FREQUENCY_HZ), "-o",
                str(output), "--"]
        program = Program(perf + daemon.command(stage, load), stage.folder / "program.log",
                          cores=stage.cores)
        try:
            await_all(program, load, load["records"])
        finally:
            # perf passes it on, and writes what it has.
            program.stop()
        print(f"== {daemon.name}")
        print(report(output, "comm,dso", 16))
        print(report(output, "dso,sym", SYMBOLS), flush=True)


def report(output, sort, rows):
    told = subprocess.run(["perf", "report", "-i", output, "--stdio", "-g", "none", "--sort", sort],
                          check=True, capture_output=True, text=True).stdout
    lines = [line.rstrip() for line in told.splitlines() if re.match(r"\s+[\d.]+%", line)]
    return "\n".join(lines[:rows]) + "\n"
