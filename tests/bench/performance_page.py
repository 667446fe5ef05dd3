"""The tables of docs/performance.md that are written from the recorded results."""
import json

from result import number
from stage import HERE, ROOT

RESULTS = HERE / "results"
PAGE = ROOT / "docs/performance.md"
CPU = "cpu_secs_per_million"
WARM = "cpu_secs_per_million_warm"

# What each program promises, beside its cost: at least once, order of a key, complete validation.
PROMISES = {
    "floor": ("no", "no", "no"),
    "daemon, order none": ("yes", "no", "yes"),
    "daemon, order key": ("yes", "yes", "yes"),
    "benthos": ("yes", "no", "yes"),
    "benthos-text": ("yes, but for values with a line feed", "no", "no"),
    "connect": ("yes", "no", "no"),
    "go-franz": ("no", "no", "no"),
    "python-aiohttp": ("no", "no", "yes"),
    "python-aiohttp-fast": ("no", "no", "yes"),
}


def recorded():
    """Every recorded case by name."""
    return {path.stem: json.loads(path.read_text("utf-8"))
            for path in sorted(RESULTS.glob("*.json"))}


def goals_table(cases):
    rows = ["| case | figure | goal | measured | |", "| --- | --- | --- | --- | --- |"]
    for name, whole in cases.items():
        for figure in whole["figures"]:
            if figure["met"] is None:
                continue
            goal = f"≤ {figure['at_most']}" if figure["at_most"] is not None \
                else f"≥ {figure['at_least']}"
            value = number(figure["value"])
            if figure["low"] is not None:
                value += f" ({number(figure['low'])} to {number(figure['high'])})"
            rows.append(f"| [{name}](../tests/bench/results/{name}.txt) | {figure['name']} | "
                        f"{goal}{figure['unit']} | {value}{figure['unit']} | "
                        f"{'met' if figure['met'] else '**missed**'} |")
    return rows


def peers_table(cases):
    runs = cases["peers"]["runs"]
    own = middle(runs["daemon, order none"], CPU)
    warm = cases.get("peers-warm", {"runs": {}})["runs"]
    rows = ["| program | CPU-s per million | × ours | after the first million | records/s | "
            "peak RSS MB | at least once | order of a key | validates |", "| --- " * 9 + "|"]
    for name in sorted(runs, key=lambda name: middle(runs[name], CPU)):
        cost = middle(runs[name], CPU)
        later = f"{middle(warm[name], WARM):.2f}" if name in warm else ""
        promises = " | ".join(PROMISES.get(name, ("?", "?", "?")))
        rows.append(f"| {name} | {cost:.2f} | {cost / own:.2f} | {later} | "
                    f"{middle(runs[name], 'records_per_sec'):,.0f} | "
                    f"{middle(runs[name], 'rss_peak_mb'):.0f} | {promises} |")
    return rows


# Case, figure and heading of what is lost and repeated.
FAULTS = [
    ("outage", "records lost", "503 for 20 s: lost"),
    ("outage", "requests into the outage", "requests into it"),
    ("outage", "all delivered after its end", "all delivered, s after its end"),
    ("kill", "records lost", "kill -9: lost"),
    ("kill", "records twice", "twice"),
    ("poison", "of 19,980 good records delivered", "20 poison of 20,000: good ones delivered"),
    ("poison", "requests refused", "refused requests in 30 s"),
]


def faults_table(cases):
    values = {(case, figure["name"]): figure["value"]
              for case in cases for figure in cases[case]["figures"]}
    programs = [name.split(", ", 1)[1] for case, name in values
                if case == "poison" and name.startswith("requests refused")]
    rows = ["| program | " + " | ".join(heading for _, _, heading in FAULTS) + " |",
            "| --- " * (len(FAULTS) + 1) + "|"]
    for program in programs:
        cells = [values.get((case, f"{what}, {program}")) for case, what, _ in FAULTS]
        rows.append(f"| {program} | " + " | ".join(
            "never" if cell is None else f"{cell:,.0f}" for cell in cells) + " |")
    return rows


def middle(runs, key):
    values = sorted(run[key] for run in runs)
    return (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2


def write_page():
    """Fills what stands between the marks `NAME: begin` and `NAME: end`."""
    cases = recorded()
    text = PAGE.read_text("utf-8")
    tables = {"goals": goals_table, "peers": peers_table, "faults": faults_table}
    needed = {"goals": (), "peers": ("peers",), "faults": ("outage", "kill", "poison")}
    for name, table in tables.items():
        if any(case not in cases for case in needed[name]):
            continue
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
        before, rest = text.split(begin)
        text = before + begin + "\n".join(table(cases)) + "\n" + end + rest.split(end)[1]
    PAGE.write_text(text, "utf-8")
