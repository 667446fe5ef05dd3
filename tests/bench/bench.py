#!/usr/bin/env python3
"""Measures Headrace against the floor and its peers; see docs/performance.md and scripts/bench."""
import argparse
import os
import sys
from pathlib import Path

from cases import CASES
from report import print_result
from stage import Stage


def say(text):
    print(text, file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="all of them if none is named")
    parser.add_argument("--list", action="store_true", help="names the cases")
    parser.add_argument("--rounds", type=int, default=7, help="how often each program runs (7)")
    options = parser.parse_args()
    options.say = say
    options.cache = Path(os.environ.get("HEADRACE_CACHE", Path.home() / ".cache/headrace"))
    if options.list:
        for name, (what, _) in CASES.items():
            print(f"{name:<14} {what}")
        return
    unknown = set(options.cases) - set(CASES)
    if unknown:
        parser.error(f"no such case: {', '.join(sorted(unknown))}; --list names them")
    with Stage() as stage:
        for name in options.cases or CASES:
            say(f"== {name}: {CASES[name][0]}")
            print_result(name, CASES[name][1](stage, options))


if __name__ == "__main__":
    main()
