"""How results are written: text for people, JSON for programs, a chart, and the table of goals."""
import json
import os
import platform
import re
import subprocess
import time
from dataclasses import asdict
from pathlib import Path

from chart import bars
from performance_page import RESULTS, write_page
from rounds import CPU, median
from stage import BUILD, ROOT

COLUMNS = [("CPU-s per M", CPU, ".2f"), ("records/s", "records_per_sec", ",.0f"),
           ("per request", "records_per_request", ".1f"),
           ("requests/CPU-s", "requests_per_cpu_sec", ",.0f"), ("RSS MB", "rss_peak_mb", ".0f"),
           ("switches", "switches_voluntary", ",.0f"),
           ("forced", "switches_involuntary", ",.0f"), ("twice", "duplicates", ".0f")]


def text_of(name, what, result):
    """Medians of every program of a case, then its figures."""
    lines = [f"== {name}: {what}"]
    if result.runs:
        width = max(len(program) for program in result.runs) + 2
        lines.append(" " * width + "".join(f"{title:>15}" for title, _, _ in COLUMNS) + "   runs")
    for program, runs in result.runs.items():
        cells = "".join(f"{median(runs, key):>15{form}}" for _, key, form in COLUMNS)
        lines.append(f"{program:<{width}}{cells}{len(runs):>7}")
    return "\n".join(lines + [figure.words() for figure in result.figures] + result.notes) + "\n"


def origin(command):
    """What was measured, with what, where and when."""
    def output(*words):
        return subprocess.run(words, cwd=ROOT, capture_output=True, text=True).stdout.strip()
    processor = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text("ascii"))
    pom = (ROOT / "tests/integration/kafka/pom.xml").read_text("utf-8")
    return {
        "command": command,
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "commit": output("git", "-c", f"safe.directory={ROOT}", "describe", "--always", "--dirty"),
        "headrace": output(str(BUILD / "headrace"), "--version").splitlines()[0],
        "compiler": output("c++", "--version").splitlines()[0],
        "librdkafka": output("pkg-config", "--modversion", "rdkafka"),
        "kafka": re.search(r"<kafka.version>(.*)</kafka.version>", pom).group(1),
        "processor": processor.group(1) if processor else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "system": re.search(r'PRETTY_NAME="(.*)"',
                            Path("/etc/os-release").read_text("utf-8")).group(1),
    }


def record(name, what, result, command):
    """Puts a case's result in the place of its earlier one, and draws what follows from it."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    whole = {"case": name, "what": what, "origin": origin(command), **asdict(result)}
    for figure, plain in zip(result.figures, whole["figures"]):
        plain["met"] = figure.is_met()
    path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", "utf-8")
    heading = "".join(f"{key}: {value}\n" for key, value in whole["origin"].items())
    (RESULTS / f"{name}.txt").write_text(heading + "\n" + text_of(name, what, result), "utf-8")
    if name == "peers":
        cpu = {program: median(runs, CPU) for program, runs in result.runs.items()}
        (RESULTS / "cost-per-record.svg").write_text(
            bars("CPU-seconds per million records of 512 B, batches of 10", cpu), "utf-8")
    write_page()

