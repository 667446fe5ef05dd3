"""Adaptive concurrency against fixed settings: a destination that slows tenfold, then recovers."""
import time

from cases_trouble import back_after, follow, rate
from contenders import Daemon
from registry import case
from result import Result
from stage import SPACING, measure, running

RECORDS = 900_000
PHASES_SECS = (8, 10, 10)
# What forming the group takes, and requests of before a turn.
JOINING_SECS, TURNING_SECS = 3, 1


def run_phases(stage, http, turn):
    """One daemon through the three phases; gives records a second in each, and when it was back."""
    sink = stage.sink()
    load = {"topic": stage.topic(RECORDS), "sink": sink}
    sink.ask("reset", RECORDS, "number", SPACING)
    samples, turns = [], []
    try:
        turn(sink, 1)
        with running(stage, Daemon(http=http), load) as program:
            for times, secs in zip((1, 10, 1), PHASES_SECS):
                turn(sink, times)
                turns.append(time.monotonic())
                follow(sink, program, secs, samples)
    finally:
        sink.ask("delay", 0)
        sink.ask("model", 0, 0, 0)
    began, slowed, recovered = turns
    return {"before": rate(samples, began + JOINING_SECS, slowed),
            "slow": rate(samples, slowed + TURNING_SECS, recovered),
            "after": rate(samples, recovered + TURNING_SECS)}, samples, recovered


def compare(stage, most, fixed, turn):
    """The automatic limit against fixed ones; the best of them is another one in each phase."""
    result = Result()
    rates = {}
    for limit in fixed:
        rates[limit], _, _ = run_phases(stage, {"concurrency": limit}, turn)
        for phase, per_sec in rates[limit].items():
            result.add(f"records/s {phase}, fixed {limit}", per_sec)
    best = {phase: max(each[phase] for each in rates.values())
            for phase in ("before", "slow", "after")}
    auto, samples, recovered = run_phases(
        stage, {"concurrency": "auto", "concurrency_max": most}, turn)
    for phase, per_sec in auto.items():
        result.add(f"records/s {phase}, auto", per_sec)
        result.add(f"auto ÷ best fixed, {phase}", per_sec / best[phase], at_least=0.9)
    result.add("auto, back at 90 % of the best fixed",
               back_after(samples, recovered, 0.9 * best["after"]), at_most=10, unit=" s")
    return result


@case("distance", "answers take 20 ms, 200 ms, 20 ms: automatic against fixed concurrency")
def distance_case(stage, options):
    return compare(stage, 64, (16, 32, 64), lambda sink, times: sink.ask("delay", 20_000 * times))


@case("queue", "24 hands that take 10 ms, 100 ms, 10 ms: automatic against fixed concurrency")
def queue_case(stage, options):
    return compare(stage, 256, (16, 32, 64),
                   lambda sink, times: sink.ask("model", 24, 10_000 * times, 100_000))


@case("at_once", "answers come at once: automatic against fixed concurrency, in turn")
def at_once_case(stage, options):
    result = Result()
    contenders = [Daemon(f"fixed {limit}", http={"concurrency": limit}) for limit in (16, 64, 256)]
    contenders.append(Daemon("auto", http={"concurrency": "auto"}))
    load = {"topic": stage.topic(RECORDS), "sink": stage.sink(), "records": RECORDS}
    for _ in range(3):
        for contender in contenders:
            run = measure(stage, contender, load)
            result.runs.setdefault(contender.name, []).append(run)
    for name, runs in result.runs.items():
        for figure in ("records_per_sec", "cpu_secs_per_million"):
            values = sorted(run[figure] for run in runs)
            result.add(f"{figure}, {name}", values[1], values[0], values[2])
    return result
