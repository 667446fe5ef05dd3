"""Destinations in trouble: one that slows tenfold and recovers, one that refuses for a while."""
import time

from contenders import Daemon
from registry import case
from result import Result
from stage import SPACING, running

SAMPLE_SECS = 0.1


def follow(sink, program, secs, samples):
    """Samples what has arrived for so long: (seconds of the monotonic clock, distinct, refused)."""
    ends = time.monotonic() + secs
    while time.monotonic() < ends:
        if program.has_ended():
            raise RuntimeError(program.last_words())
        seen = sink.ask("stats")
        samples.append((time.monotonic(), seen["distinct"], seen["refused"]))
        time.sleep(SAMPLE_SECS)


def rate(samples, since, until=float("inf")):
    """Records a second between two times."""
    inside = [sample for sample in samples if since <= sample[0] <= until]
    return (inside[-1][1] - inside[0][1]) / (inside[-1][0] - inside[0][0])


def back_after(samples, since, wanted):
    """Seconds from `since` until a whole second passes at the wanted rate; all there are if none
    does."""
    for at, count, _ in samples:
        later = next((sample for sample in samples if sample[0] >= at + 1), None)
        if at >= since and later and (later[1] - count) / (later[0] - at) >= wanted:
            return at - since
    return samples[-1][0] - since


@case("overload", "a destination that slows tenfold for 10 s and recovers; concurrency is auto")
def overload_case(stage, options):
    hands, fast_ms, slow_ms, queue = 8, 4, 40, 64
    capacity = {ms: hands * 10 * 1000 / ms for ms in (fast_ms, slow_ms)}
    result = Result()
    for name, http in (("auto", {"concurrency": "auto"}), ("fixed 32", {"concurrency": 32})):
        sink = stage.sink()
        load = {"topic": stage.topic(800_000), "sink": sink}
        sink.ask("reset", 800_000, "number", SPACING)
        samples, turns = [], []
        try:
            sink.ask("model", hands, fast_ms * 1000, queue)
            with running(stage, Daemon(http=http), load) as program:
                for service_ms, secs in ((fast_ms, 8), (slow_ms, 10), (fast_ms, 14)):
                    sink.ask("model", hands, service_ms * 1000, queue)
                    turns.append(time.monotonic())
                    follow(sink, program, secs, samples)
        finally:
            sink.ask("model", 0, 0, 0)
        slowed, recovered = turns[1:]
        at_least = 0.9 if name == "auto" else None
        result.add(f"share of the capacity while slow, {name}",
                   rate(samples, slowed + 4, recovered) / capacity[slow_ms], at_least=at_least)
        result.add(f"share of the capacity afterwards, {name}",
                   rate(samples, recovered + 8) / capacity[fast_ms], at_least=at_least)
        result.add(f"back at 90 % of the capacity, {name}",
                   back_after(samples, recovered, 0.9 * capacity[fast_ms]),
                   at_most=10 if name == "auto" else None, unit=" s")
        result.add(f"requests answered 503, {name}", samples[-1][2])
    return result


@case("storm", "every request is answered 429 for 4 s, without and with Retry-After")
def storm_case(stage, options):
    result = Result()
    for name, retry_after_secs in (("no Retry-After", 0), ("Retry-After 2 s", 2)):
        sink = stage.sink()
        load = {"topic": stage.topic(800_000), "sink": sink}
        sink.ask("reset", 800_000, "number", SPACING)
        sink.ask("delay", 5000)
        samples = []
        try:
            with running(stage, Daemon(http={"concurrency_max": 16}), load) as program:
                follow(sink, program, 5, samples)
                began = time.monotonic()
                sink.ask("storm", 1000, retry_after_secs)
                follow(sink, program, 4, samples)
                ended = time.monotonic()
                sink.ask("storm", 0, 0)
                follow(sink, program, 10, samples)
        finally:
            sink.ask("storm", 0, 0)
            sink.ask("delay", 0)
        before = rate(samples, began - 2, began)
        result.add(f"requests into the storm, {name}", samples[-1][2])
        result.add(f"back at 90 % of the rate before, {name}",
                   back_after(samples, ended, 0.9 * before), unit=" s")
        seen = sink.ask("stats")
        result.add(f"duplicates, {name}", seen["records"] - seen["distinct"], at_most=0)
    return result
