"""What a record costs in other programs (tests/bench/peers), the same records to the same sink."""
from cases_cost import SCENARIOS
from contenders import Daemon, Floor, peers
from registry import case
from result import Result
from rounds import CPU, in_turn, median, ratio

PLAIN_GO = "go-franz"
# Frameworks that deliver at least once, as their README.md says.
AT_LEAST_ONCE = ("benthos", "benthos-text", "connect")
WARM = "cpu_secs_per_million_warm"
WARM_RECORDS = 4_000_000
# Those whose first million is not like the others, and what the goals speak of.
WARMING = (PLAIN_GO, "benthos-text", "connect")
# Some take a minute for what takes the daemon a second.
ROUNDS_MAX = 3


def add_ratios(result, base, figure=CPU, what="CPU per record"):
    """Every peer against the daemon; the goals count for plain Go and the cheapest framework."""
    there = [name for name in AT_LEAST_ONCE if name in result.runs]
    best = min(there, key=lambda name: median(result.runs[name], figure), default=None)
    goals = {PLAIN_GO: 2.8, best: 10}
    for name in result.runs:
        if name.startswith(("floor", "daemon")):
            continue
        middle, low, high = ratio(result.runs, name, base, figure)
        result.add(f"{what}, {name} ÷ daemon", middle, low, high, at_least=goals.get(name))


@case("peers", "the same records to the same sink by other programs (tests/bench/peers)")
def peers_case(stage, options):
    load = SCENARIOS["tecton"].make_load(stage) | {"patience_secs": 300}
    daemons = [Daemon("daemon, order none"), Daemon("daemon, order key", order="key")]
    result = Result(runs=in_turn(stage, [Floor(), *daemons, *peers(options)], load,
                                 min(options.rounds, ROUNDS_MAX), options.say))
    add_ratios(result, daemons[0].name)
    return result


@case("peers-warm", "peers that compile or collect as they run, after their first million records")
def peers_warm_case(stage, options):
    load = {"topic": stage.topic(WARM_RECORDS), "records": WARM_RECORDS, "sink": stage.sink(),
            "patience_secs": 300}
    daemon = Daemon("daemon, order none")
    warming = [peer for peer in peers(options) if peer.name in WARMING]
    runs = in_turn(stage, [Floor(), daemon, *warming], load, min(options.rounds, ROUNDS_MAX),
                   options.say)
    result = Result(runs=runs)
    for name in runs:
        result.add(f"CPU-s per million after the first, {name}", median(runs[name], WARM))
    add_ratios(result, daemon.name, WARM, "CPU per record after the first million")
    return result
