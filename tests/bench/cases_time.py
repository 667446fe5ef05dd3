"""How fast: slow destinations, memory beside them, thin traffic, latency, and starting."""
from contenders import Daemon, Floor, IdleDaemon, MIB, PROGRAMS
from registry import case
from result import Result
from rounds import median, quartiles
from stage import SPACING, measure, measure_live, running
import subprocess
import time

BATCH = 10


def waves(stage, contender, delay_ms, in_flight, number):
    """A run whose best time is known: `number` times `in_flight` requests, one after the other."""
    records = number * in_flight * BATCH
    sink = stage.sink()
    sink.ask("delay", delay_ms * 1000)
    try:
        return measure(stage, contender, {"topic": stage.topic(records), "records": records,
                                          "sink": sink})
    finally:
        sink.ask("delay", 0)


@case("latency", "throughput at 5, 50 and 200 ms of latency, of what the requests in flight allow")
def latency_case(stage, options):
    result = Result()
    for delay_ms, in_flight, number in ((5, 64, 400), (50, 64, 60), (50, 256, 60), (200, 256, 20)):
        name = f"{delay_ms} ms, {in_flight} in flight"
        for contender in (Floor(connections=in_flight), Daemon(http={"concurrency": in_flight})):
            runs = [waves(stage, contender, delay_ms, in_flight, number)
                    for _ in range(min(options.rounds, 3))]
            result.runs[f"{contender.name}, {name}"] = runs
        # Steady: three quarters of the waves, without the first quarter, in which it starts.
        steady_secs = 0.75 * number * delay_ms / 1000
        shares = [steady_secs / run["last_three_quarters_secs"] for run in runs]
        lost = median(runs, "secs") - (number - 1) * delay_ms / 1000
        result.add(f"throughput ÷ (concurrency × 10 ÷ latency), {name}", *quartiles(shares),
                   at_least=0.97 if delay_ms == 50 else None)
        result.add(f"lost against the whole run's best time, {name}", lost * 1000, unit=" ms")
        options.say(result.figures[-2].words())
    return result


@case("memory", "peak RSS, 50 ms, 256 requests in flight, prefetch 16 MB")
def memory_case(stage, options):
    result = Result()
    for order in ("none", "key"):
        # A quarter of the memory is prefetch.
        daemon = Daemon(order=order, limits={"memory": "64MiB"}, http={"concurrency": 256})
        runs = [waves(stage, daemon, 50, 256, 60) for _ in range(min(options.rounds, 3))]
        result.runs[f"daemon, order {order}"] = runs
        result.add(f"peak RSS, order {order}", max(run["rss_peak_mb"] for run in runs),
                   at_most=64, unit=" MB")
    floor = Floor(connections=256, prefetch_bytes=16 * MIB)
    result.runs["floor"] = [waves(stage, floor, 50, 256, 60)]
    return result


@case("low-rate", "2,500 records/s, linger 20 ms, 4 workers allowed: batches do not thin out")
def low_rate_case(stage, options):
    result = Result()
    for order in ("none", "key"):
        daemon = Daemon(order=order, limits={"workers": 4}, http={"concurrency": "auto"},
                        batch={"linger_ms": 20})
        run = measure_live(stage, daemon, {"sink": stage.sink()}, rate=2500, records=20_000)
        result.runs[f"daemon, order {order}"] = [run]
        result.add(f"requests per 1,000 records, order {order}", 1000 / run["records_per_request"],
                   at_most=110)
    return result


@case("half-load", "produce-to-acknowledged at half load, destination 5 ms, linger 5 ms")
def half_load_case(stage, options):
    result = Result()
    in_flight, delay_ms = 64, 5
    rate = in_flight * BATCH * 1000 // delay_ms // 2
    sink = stage.sink()
    sink.ask("delay", delay_ms * 1000)
    daemons = [Daemon(f"daemon, order {order}", order=order, http={"concurrency": in_flight},
                      batch={"linger_ms": 5}) for order in ("none", "key")]
    try:
        for contender in daemons:
            runs = [measure_live(stage, contender, {"sink": sink}, rate=rate, records=rate * 5)
                    for _ in range(min(options.rounds, 3))]
            result.runs[contender.name] = runs
            for figure, goal in (("p50", None), ("p99", 20), ("p999", None)):
                result.add(f"{figure} at {rate:,} records/s, {contender.name}",
                           median(runs, f"{figure}_ms"),
                           at_most=goal, unit=" ms")
    finally:
        sink.ask("delay", 0)
    return result


@case("start", "from the start of the process to the first request, warm broker")
def start_case(stage, options):
    load = {"topic": stage.topic(1000), "records": 1000, "sink": stage.sink()}
    result = Result()
    floor, daemon = Floor(), Daemon()
    for contender in [floor, daemon] * options.rounds:
        result.runs.setdefault(contender.name, []).append(measure(stage, contender, load))
    join = median(result.runs["floor"], "start_secs")
    own = median(result.runs["daemon"], "start_secs")
    result.notes.append(f"start to first request: floor {join * 1000:.0f} ms, which is the group "
                        f"join and a fetch; daemon {own * 1000:.0f} ms")
    result.add("start to first request beyond the floor's", (own - join) * 1000, at_most=300,
               unit=" ms")
    return result


@case("idle", "100 routes with nothing to do")
def idle_case(stage, options):
    topics = [stage.fresh_name("idle") for _ in range(100)]
    subprocess.run([PROGRAMS / "bench_fill", "--bootstrap", stage.broker.bootstrap, "--topic",
                    ",".join(topics), "--partitions", "1"], check=True, stdout=subprocess.DEVNULL)
    stage.sink().ask("reset", 100, "number", SPACING)
    result = Result()
    with running(stage, IdleDaemon(topics), {"sink": stage.sink()}) as program:
        # What is sent to each route shows when it has joined its group.
        for first, topic in enumerate(topics):
            stage.fill(topic, 1, make="no", first=first)
        while not stage.sink().ask("stats")["last_ns"]:
            if program.has_ended():
                raise RuntimeError(program.last_words())
            time.sleep(0.1)
        time.sleep(2)
        before, switches = program.cpu_secs(), program.switches()
        time.sleep(10)
        result.add("CPU, 100 idle routes", (program.cpu_secs() - before) * 10, unit=" % of a core")
        result.add("context switches", (program.switches() - switches) / 10, unit=" /s")
        result.add("RSS", program.status("VmRSS") / 1024, unit=" MB")
        result.add("threads", program.status("Threads"))
    return result
