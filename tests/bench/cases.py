"""The cases: what is run against what, and which goal the figure has."""
from allocations import count_allocations
from contenders import Daemon, Floor, Peer, peers_present
from rounds import in_turn, median, ratio

TECTON_RECORDS = 1_000_000
CASES = {}


def case(name, what):
    """Adds a case: a function of (stage, options) that gives its result as a dict."""
    def add(function):
        CASES[name] = (what, function)
        return function
    return add


def against_floor(stage, options, contenders, load, goals):
    """Runs the first contender and the others in turn; `goals` are ratios to the first."""
    runs = in_turn(stage, contenders, load, options.rounds, options.say)
    base = contenders[0].name
    ratios = {}
    for contender in contenders[1:]:
        middle, low, high = ratio(runs, contender.name, base)
        goal = goals.get(contender.name)
        ratios[contender.name] = {"ratio": middle, "low": low, "high": high, "goal": goal}
        options.say(f"{contender.name} / {base}: {middle:.2f} ({low:.2f} to {high:.2f})"
                    + (f", goal {goal}" if goal else ""))
    return {"base": base, "ratios": ratios, "runs": runs}


@case("tecton", "512 B JSON to Tecton, batches of 10, one stream source, order none and key")
def tecton_case(stage, options):
    load = {"topic": stage.topic(TECTON_RECORDS), "records": TECTON_RECORDS, "sink": stage.sink()}
    contenders = [Floor(), Daemon("daemon, order none"), Daemon("daemon, order key", order="key")]
    goals = {"daemon, order none": 1.2, "daemon, order key": 1.25}
    return against_floor(stage, options, contenders, load, goals)


@case("peers", "the same records to the same sink by other programs (tests/bench/peers)")
def peers_case(stage, options):
    load = {"topic": stage.topic(TECTON_RECORDS), "records": TECTON_RECORDS, "sink": stage.sink(),
            "patience_secs": 300}
    contenders = [Floor(), Daemon("daemon, order none")]
    contenders += [Peer(name, options.cache) for name in peers_present()]
    return against_floor(stage, options, contenders, load, {})


@case("allocations", "calls of operator new in the running daemon, per record and per request")
def allocations_case(stage, options):
    load = {"topic": stage.topic(TECTON_RECORDS), "records": TECTON_RECORDS, "sink": stage.sink()}
    counts = {}
    for order in ("none", "key", "partition"):
        counts[order] = count_allocations(stage, Daemon(order=order), load)
        options.say(f"order {order}: {counts[order]['per_record']:.4f} a record, "
                    f"{counts[order]['per_request']:.3f} a request")
    return {"base": "", "ratios": {}, "runs": {}, "allocations": counts}
