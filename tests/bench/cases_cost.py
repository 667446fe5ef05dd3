"""What a record costs: CPU time of a program against that of its floor, over a full topic."""
from dataclasses import dataclass, field

from allocations import count_allocations
from contenders import Daemon, Floor, milvus, tecton_by_header
from registry import case
from result import Result
from rounds import CPU, in_turn, median, ratio

CLICKS = 1_000_000
VECTORS = 60_000
VECTOR_BYTES_MIN = 6000
PARTITIONS = 1000


@dataclass
class Scenario:
    """A load, its floor, and the settings of the daemon by order; goals are ratios to the floor."""

    topic: dict
    floor: dict = field(default_factory=dict)
    daemon: dict = field(default_factory=dict)
    goals: dict = field(default_factory=dict)
    tls: bool = False
    load: dict = field(default_factory=dict)

    def make_load(self, stage):
        sink = stage.sink(tls=self.tls)
        sink.ask("delay", 0)
        topic = stage.topic(**self.topic)
        return {"topic": topic, "records": self.topic["records"], "sink": sink} | self.load

    def daemons(self, prefix="daemon", **more):
        return [Daemon(f"{prefix}, order {order}", order=order, **self.daemon, **more)
                for order in self.goals]


SCENARIOS = {
    "tecton": Scenario(topic={"records": CLICKS}, goals={"none": 1.2, "key": 1.25}),
    "sources": Scenario(topic={"records": CLICKS, "sources": "a,b,c,d"},
                        floor={"sources": "a,b,c,d"}, daemon={"destination": tecton_by_header},
                        goals={"none": 1.25, "key": 1.25}),
    "milvus": Scenario(topic={"records": VECTORS, "dimensions": 768},
                       floor={"envelope": "milvus", "batch": 1000, "connections": 8},
                       daemon={"destination": milvus, "http": {"concurrency": 8}},
                       goals={"none": 1.25, "key": 1.25}, load={"spacing": VECTOR_BYTES_MIN}),
    "partitions": Scenario(topic={"records": CLICKS // 2, "partitions": PARTITIONS},
                           goals={"none": None}, load={"patience_secs": 120}),
}


def run_scenario(stage, options, scenario):
    """The floor, the floor that builds its bodies, and the daemon in turn."""
    daemons = scenario.daemons()
    floor = Floor(**scenario.floor)
    copying = Floor(bodies="copied", **scenario.floor)
    load = scenario.make_load(stage)
    result = Result(runs=in_turn(stage, [floor, copying, *daemons], load, options.rounds,
                                 options.say))
    for daemon, goal in zip(daemons, scenario.goals.values()):
        compare(result, daemon.name, floor.name, goal)
        compare(result, daemon.name, copying.name)
        twice = sum(run["duplicates"] for run in result.runs[daemon.name])
        result.add(f"duplicates, {daemon.name}", twice, at_most=0)
    return result


def compare(result, name, base, at_most=None):
    """Adds the ratio of CPU per record."""
    middle, low, high = ratio(result.runs, name, base)
    result.add(f"CPU per record, {name} ÷ {base}", middle, low, high, at_most=at_most)


@case("tecton", "512 B JSON to Tecton, batches of 10, one stream source, no latency, one worker")
def tecton_case(stage, options):
    return run_scenario(stage, options, SCENARIOS["tecton"])


@case("sources", "the same, 4 stream sources named by a header, 10 of each in a request")
def sources_case(stage, options):
    return run_scenario(stage, options, SCENARIOS["sources"])


@case("milvus", "rows with vectors of 768 numbers to Milvus, 1,000 rows or 2 MiB a request")
def milvus_case(stage, options):
    return run_scenario(stage, options, SCENARIOS["milvus"])


@case("tls", "512 B JSON to Tecton over TLS, against a floor with TLS")
def tls_case(stage, options):
    trusted = {"concurrency": 16, "tls": {"ca": str(stage.certificate())}}
    scenario = Scenario(topic={"records": CLICKS}, daemon={"http": trusted}, goals={"none": None},
                        tls=True)
    return run_scenario(stage, options, scenario)


@case("workers", "1, 2 and 4 workers on all cores, 64 requests in flight, no latency")
def workers_case(stage, options):
    load = SCENARIOS["tecton"].make_load(stage) | {"on_all_cores": True}
    result = Result()
    for order in ("none", "key"):
        daemons = [Daemon(f"order {order}, workers {workers}", order=order,
                          limits={"workers": workers}, http={"concurrency": 64})
                   for workers in (1, 2, 4)]
        result.runs |= in_turn(stage, daemons, load, options.rounds, options.say)
        for daemon in daemons[1:]:
            compare(result, daemon.name, daemons[0].name,
                    1.1 if daemon is daemons[-1] else None)
    return result


@case("partitions", f"512 B JSON to Tecton from {PARTITIONS:,} partitions")
def partitions_case(stage, options):
    result = run_scenario(stage, options, SCENARIOS["partitions"])
    for name, runs in result.runs.items():
        result.add(f"peak RSS, {name}", median(runs, "rss_peak_mb"), unit=" MB")
    return result


@case("allocations", "calls of operator new in the running daemon, per record and per request")
def allocations_case(stage, options):
    load = SCENARIOS["tecton"].make_load(stage)
    result = Result()
    for order in ("none", "key", "partition"):
        counts = count_allocations(stage, Daemon(order=order), load)
        result.add(f"allocations a record, order {order}", round(counts["per_record"], 2),
                   at_most=0)
        result.notes.append(f"order {order}: {counts['per_record']:.4f} a record, "
                            f"{counts['per_request']:.3f} a request")
    return result


def compare_revisions(stage, options, other, revision, names):
    """Every scenario with two binaries in turn: this checkout's, and another revision's."""
    for name in names:
        options.say(f"== {name}: this checkout against {revision}")
        scenario = SCENARIOS[name]
        theirs = scenario.daemons(revision, binary=other)
        ours = scenario.daemons("this checkout")
        load = scenario.make_load(stage)
        runs = in_turn(stage, [*theirs, *ours], load, options.rounds, options.say)
        for one, two in zip(ours, theirs):
            for what, key in (("CPU per record", CPU), ("records/s", "records_per_sec"),
                              ("peak RSS", "rss_peak_mb")):
                middle, low, high = ratio(runs, one.name, two.name, key)
                print(f"{name}: {what}, {one.name} ÷ {two.name}: {middle:.3f} "
                      f"({low:.3f} to {high:.3f})", flush=True)
