#!/usr/bin/env python3
"""The micro-benchmarks: nanoseconds and allocations of each step for a record."""
import argparse
import json
import os
import statistics
import subprocess
from pathlib import Path

from revisions import build_revision
from stage import BUILD

PROGRAM = "tests/bench/micro/bench_micro"
ROUNDS = 5


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench micro", description=__doc__)
    parser.add_argument("filter", nargs="?", default=".", help="only those that it matches (regex)")
    parser.add_argument("--compare", metavar="REV", help="another revision too, in turn")
    options = parser.parse_args()
    cache = Path(os.environ.get("HEADRACE_CACHE", Path.home() / ".cache/headrace"))
    programs = {"here": BUILD / PROGRAM}
    if options.compare:
        programs[options.compare] = build_revision(options.compare, cache, print, "bench_micro",
                                                   PROGRAM)
    runs = {name: [] for name in programs}
    for number in range(ROUNDS):
        # Turned around every other time, so that none is always the one after the other.
        for name in list(programs)[::1 if number % 2 == 0 else -1]:
            runs[name].append(run(programs[name], options.filter))
    print_table(runs)


def run(program, only):
    """{benchmark: (nanoseconds of a record, allocations of a record)}"""
    done = subprocess.run([program, "--benchmark_format=json", "--benchmark_min_time=0.05",
                           f"--benchmark_filter={only}"], check=True, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if not done.stdout:
        raise SystemExit(f"no benchmark matches {only}")
    return {one["name"]: (one["record"] * 1e9, one["allocations"])
            for one in json.loads(done.stdout)["benchmarks"] if "record" in one}


def print_table(runs):
    """Medians of the rounds, and how the first program's compare with the second's."""
    names = list(runs)
    print(f"{'a record':<42}" + "".join(f"{name[:16] + ', ns':>21}{'allocations':>13}"
                                        for name in names) + ("   ratio" if names[1:] else ""))
    for benchmark in runs[names[0]][0]:
        line = f"{benchmark:<42}"
        for name in names:
            rounds = [one[benchmark] for one in runs[name] if benchmark in one]
            if not rounds:
                line += f"{'absent':>34}"
                continue
            nanoseconds, allocations = map(statistics.median, zip(*rounds))
            line += f"{nanoseconds:>21,.1f}{allocations:>13.4f}"
        print(line + ratio(runs, benchmark))


def ratio(runs, benchmark):
    """Of the rounds, with the quartiles."""
    if len(runs) < 2:
        return ""
    here, other = runs.values()
    ratios = [one[benchmark][0] / old[benchmark][0] for one, old in zip(here, other)
              if benchmark in old]
    if not ratios:
        return ""
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return f"   {middle:.2f} ({low:.2f} to {high:.2f})"


if __name__ == "__main__":
    main()
