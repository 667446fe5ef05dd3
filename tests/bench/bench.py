#!/usr/bin/env python3
"""Measures Headrace against the floor and its peers; docs/performance.md says how and why."""
import argparse
import os
import signal
import sys
from pathlib import Path

# Each adds its cases, in this order.
import cases_cost
import cases_peers
import cases_compression
import cases_time
import cases_trouble
import cases_concurrency
import cases_faults
import cases_calls
import cases_guarantees
import short_form
from cpu_profile import profile
from registry import CASES
from report import record, text_of
from revisions import build_revision
from stage import Stage


def say(text):
    print(text, file=sys.stderr, flush=True)


def read_options():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE",
                        help="all of them, recorded, if none is named")
    parser.add_argument("--list", action="store_true", help="names the cases")
    parser.add_argument("--short", action="store_true",
                        help="fails if the ratio to the floor is worse by a quarter than recorded")
    parser.add_argument("--compare", metavar="REV",
                        help="this checkout against another revision, in turn; cases: "
                        + ", ".join(cases_cost.SCENARIOS))
    parser.add_argument("--profile", action="store_true",
                        help="where the daemon's CPU goes, by perf; cases as for --compare")
    parser.add_argument("--record", action="store_true",
                        help="writes tests/bench/results and the table of docs/performance.md")
    parser.add_argument("--rounds", type=int, default=7, help="how often each program runs (7)")
    options = parser.parse_args()
    known = cases_cost.SCENARIOS if options.compare or options.profile else CASES
    unknown = set(options.cases) - set(known)
    if unknown:
        parser.error(f"no such case: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    options.say = say
    options.cache = Path(os.environ.get("HEADRACE_CACHE", Path.home() / ".cache/headrace"))
    return options


def run_cases(options):
    """Whether every case could be run."""
    names = options.cases or list(CASES)
    options.record = options.record or not options.cases
    command = "scripts/bench " + " ".join(sys.argv[1:])
    failed = []
    with Stage() as stage:
        for name in names:
            what, function = CASES[name]
            say(f"== {name}: {what}")
            try:
                result = function(stage, options)
            except (RuntimeError, OSError) as error:
                # What one case cannot do must not cost the others.
                say(f"{name} failed: {error}")
                failed.append(name)
                continue
            print(text_of(name, what, result), flush=True)
            if options.record:
                record(name, what, result, command.strip())
    if failed:
        say("failed: " + ", ".join(failed))
    return not failed


def main():
    # By the same way out as everything else, which ends what was started and removes the data.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    options = read_options()
    if options.list:
        for name, (what, _) in CASES.items():
            print(f"{name:<14} {what}")
    elif options.short:
        with Stage() as stage:
            sys.exit(not short_form.run(stage, options))
    elif options.profile:
        with Stage() as stage:
            for name in options.cases or ["tecton"]:
                profile(stage, cases_cost.SCENARIOS[name])
    elif options.compare:
        other = build_revision(options.compare, options.cache, say)
        with Stage() as stage:
            cases_cost.compare_revisions(stage, options, other, options.compare,
                                         options.cases or ["tecton"])
    else:
        sys.exit(not run_cases(options))


if __name__ == "__main__":
    main()
