"""The short form for every build: the ratio to the floor against the one recorded beside it.

The ratio of two CPU times in turn bears a noisy machine, and a median of rounds bears outliers. A
ratio that looks too high is measured for as long as there is time, before it counts.
"""
import json
import statistics
import time

from contenders import Daemon, Floor
from rounds import CPU, one_round
from stage import HERE

RATIO = HERE / "ratio.json"
RECORDS = 500_000
ROUNDS_MIN = 9
BUDGET_SECS = 75
WORSE_MAX = 1.25


def run(stage, options):
    """Whether the ratio is within a quarter of the recorded one."""
    recorded = json.loads(RATIO.read_text("utf-8"))["daemon_to_floor"]
    load = {"topic": stage.topic(RECORDS), "records": RECORDS, "sink": stage.sink()}
    floor, daemon = Floor(), Daemon()
    runs = {floor.name: [], daemon.name: []}
    began = time.monotonic()
    ratios = []
    while len(ratios) < ROUNDS_MIN or (
            statistics.median(ratios) > recorded * WORSE_MAX
            and time.monotonic() - began < BUDGET_SECS):
        one_round(stage, [floor, daemon], load, runs, len(ratios))
        ratios.append(runs[daemon.name][-1][CPU] / runs[floor.name][-1][CPU])
        options.say(f"round {len(ratios)}: floor {runs[floor.name][-1][CPU]:.2f}, daemon "
                    f"{runs[daemon.name][-1][CPU]:.2f} CPU-s per million, ratio {ratios[-1]:.2f}")
    ratio = statistics.median(ratios)
    is_good = ratio <= recorded * WORSE_MAX
    print(f"CPU per record ÷ floor: {ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f}, "
          f"{len(ratios)} rounds); recorded {recorded:.2f}, at most {recorded * WORSE_MAX:.2f}: "
          + ("good" if is_good else "TOO MUCH"))
    if options.record:
        RATIO.write_text(json.dumps({"daemon_to_floor": round(ratio, 2)}) + "\n", "utf-8")
    return is_good or options.record
