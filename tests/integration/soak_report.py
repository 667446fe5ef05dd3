#!/usr/bin/env python3
"""Makes docs/soak.md of what `ctest --output-junit` wrote: each test, its time, its figures.

`soak_report.py RESULTS.xml WHERE`, where WHERE says which commit on which machine. Tests print
`FIGURE name value unit`; Catch2's `--durations yes` ends each of a program's tests with its time.
"""
import re
import sys
import xml.etree.ElementTree as ElementTree

FIGURE = re.compile(r"^FIGURE (\S+) (\S+) (\S+)$")
DURATION = re.compile(r"^(\d+\.\d+) s: (.+)$")


def rows_of(case):
    """One row for each test inside a program that tells them apart, else one for the whole."""
    rows, figures, is_named = [], [], False
    for line in (case.findtext("system-out") or "").splitlines():
        if match := FIGURE.match(line.strip()):
            name, value, unit = match.groups()
            figures.append(f"{name} {value} {unit.replace('_', ' ')}")
        elif match := DURATION.match(line.strip()):
            rows.append([match[2], float(match[1]), figures])
            figures, is_named = [], True
    if not is_named:
        rows.append([case.get("name"), float(case.get("time", 0)), figures])
    return rows


def verdict_of(case):
    if case.get("status") == "notrun" or case.find("skipped") is not None:
        return "not run"
    return "failed" if case.find("failure") is not None else "passed"


def report(root, where):
    cases = sorted(root.iter("testcase"), key=lambda case: case.get("name"))
    failed = sum(verdict_of(case) != "passed" for case in cases)
    lines = ["# The last soak", "",
             "Written by `scripts/test --soak`: the long forms of the fault campaign, each judged"
             " by record ids after a phase without faults."
             " [guarantees.md](guarantees.md) says what they prove.", "",
             where + f": {len(cases) - failed} programs passed, {failed} failed.", "",
             "| test | seconds | result | figures |", "| --- | --- | --- | --- |"]
    for case in cases:
        for name, seconds, figures in rows_of(case):
            text = "; ".join(figures)
            lines.append(f"| {name} | {seconds:.1f} | {verdict_of(case)} | {text} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(report(ElementTree.parse(sys.argv[1]).getroot(), sys.argv[2]), end="")
