#!/usr/bin/env python3
"""Runs the deployment tests and writes what they saw to docs/deploy-results.md.

`campaign.py ROOT [NAME...]`, called by `scripts/test --deploy`. A deployment test is an executable
ROOT/tests/deploy/NAME/run that prints one line for each check and figure:

    ok - a sentence of what was seen
    not ok - the sentence: what was seen instead
    figure - name: value
    version - program: version

and ends with 0, with 1 if a check failed, or with 77 if this machine cannot run it, its last line
saying why. Everything else that it prints is shown and not kept. What the tests print goes to
stderr; stdout is one line, 'PASSED FAILED', for whoever counts.
"""
import os
import platform
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

SKIPPED = 77
SECONDS_MAX = 3600
# How long a test may take to clean up behind itself once it was told to end.
GRACE_SECONDS = 60
RESULTS = "docs/deploy-results.md"
LINE = re.compile(r"^(ok|not ok|figure|version) - (.+)$")
SECTION = re.compile(r"^## (\S+)$", re.M)

HEAD = """# The deployment tests' last results

Written by `scripts/test --deploy`, or `scripts/test --deploy NAME` for one section. Each test
installs, starts and breaks the daemon the way people run it; `tests/deploy/NAME/run` is the test.
"""


@dataclass
class Outcome:
    name: str
    passed: list = field(default_factory=list)
    failed: list = field(default_factory=list)
    figures: list = field(default_factory=list)
    versions: list = field(default_factory=list)
    skipped_because: str = ""
    seconds: float = 0

    def take(self, line):
        """Notes a line, if it is one of those that are kept."""
        match = LINE.match(line.strip())
        if match:
            kept = {"ok": self.passed, "not ok": self.failed, "figure": self.figures,
                    "version": self.versions}
            kept[match[1]].append(match[2])

    def end(self, code, last_line):
        """Judges the exit code beside the lines: neither alone is believed."""
        if code == SKIPPED:
            self.skipped_because = last_line or "it did not say why"
        elif code != 0 and not self.failed:
            self.failed.append(f"it ran to its end: it ended with {code} after '{last_line}'")
        elif not self.passed and not self.failed:
            self.failed.append("it checks something: it ended with 0 and not one check")


def run(name, command, log):
    """Runs one test, shows what it prints, and gives its outcome."""
    outcome, last_line, began = Outcome(name), "", time.monotonic()
    # A session of its own, so that a test that hangs can be ended with all that it started.
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, errors="replace",
                             start_new_session=True)
    previous = signal.signal(signal.SIGALRM, on_alarm)
    signal.alarm(SECONDS_MAX)
    try:
        with open(log, "w", encoding="utf-8") as kept:
            for line in child.stdout:
                kept.write(line)
                print(line, end="", file=sys.stderr, flush=True)
                outcome.take(line)
                last_line = line.strip() or last_line
        outcome.end(child.wait(), last_line)
    except TimeoutError:
        outcome.failed.append(f"it ends within {SECONDS_MAX} s: it did not, after '{last_line}'")
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)
        end_all_of(child)
    outcome.seconds = time.monotonic() - began
    return outcome


def on_alarm(_signal, _frame):
    raise TimeoutError


def end_all_of(child):
    """SIGTERM first, so that the test's own trap cleans up; then whatever is left of its group."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            pass
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    child.wait()


def section_of(outcome, where):
    """The outcome as a section of the results."""
    if outcome.skipped_because:
        verdict = f"skipped: {outcome.skipped_because}"
    else:
        verdict = f"{len(outcome.passed)} passed, {len(outcome.failed)} failed"
    lines = [f"## {outcome.name}", "", f"{where}, {outcome.seconds:.0f} s: **{verdict}**.", ""]
    if outcome.versions:
        lines += ["Versions: " + ", ".join(outcome.versions) + ".", ""]
    lines += [f"- **failed**: {check}" for check in outcome.failed]
    lines += [f"- {check}" for check in outcome.passed]
    if outcome.figures:
        lines += ["", "| figure | value |", "| --- | --- |"]
        lines += [f"| {cell(name)} | {cell(value)} |" for name, _, value in
                  (figure.partition(": ") for figure in outcome.figures)]
    return "\n".join(lines).rstrip() + "\n"


def cell(text):
    return text.replace("|", "\\|").strip()


def merged(old, sections):
    """The results with these sections new and those of tests that did not run as they were."""
    parts = SECTION.split(old)
    kept = {name: f"## {name}{body}".rstrip() + "\n"
            for name, body in zip(parts[1::2], parts[2::2])}
    kept.update(sections)
    return "\n".join([HEAD] + [kept[name] for name in sorted(kept)])


def where_it_ran(root):
    """Date, commit and machine."""
    return (f"{time.strftime('%F', time.gmtime())}, commit {commit_of(root)},"
            f" {system()}, {os.cpu_count()} cores")


def commit_of(root):
    # The checkout may be another user's; the results themselves change with every run.
    git = ["git", "-c", f"safe.directory={root}", "-C", str(root)]
    try:
        commit = output_of(*git, "rev-parse", "--short", "HEAD")
        changed = output_of(*git, "status", "--porcelain", "--", ".", f":!{RESULTS}")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit + ("-dirty" if changed else "")


def output_of(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.DEVNULL).stdout.strip()


def system():
    try:
        release = platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    except OSError:
        release = "Linux"
    return f"{release}, kernel {platform.release()} {platform.machine()}"


def tests_below(folder):
    return {path.parent.name: path for path in sorted(folder.glob("*/run"))}


def main(root, wanted):
    tests = tests_below(root / "tests/deploy")
    unknown = [name for name in wanted if name not in tests]
    if unknown or not tests:
        print(f"no deployment test is called {' or '.join(unknown)}; there are:"
              f" {' '.join(tests) or 'none'}", file=sys.stderr)
        return 64
    logs = root / "build/deploy"
    logs.mkdir(parents=True, exist_ok=True)
    where, results, outcomes = where_it_ran(root), root / RESULTS, []
    for name in wanted or tests:
        print(f"{name} ...", file=sys.stderr)
        outcome = run(name, [str(tests[name])], logs / f"{name}.log")
        outcomes.append(outcome)
        # After each, so that what was seen is kept if the next one is interrupted.
        old = results.read_text(encoding="utf-8") if results.exists() else ""
        results.write_text(merged(old, {name: section_of(outcome, where)}), encoding="utf-8")
        if outcome.skipped_because:
            print(f"{name}: skipped: {outcome.skipped_because}", file=sys.stderr)
    print(sum(len(outcome.passed) for outcome in outcomes),
          sum(len(outcome.failed) for outcome in outcomes))
    return 0


def on_terminate(_signal, _frame):
    raise KeyboardInterrupt


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    signal.signal(signal.SIGTERM, on_terminate)
    sys.exit(main(Path(sys.argv[1]).resolve(), sys.argv[2:]))
