"""How results are written: tables for people."""
from rounds import median

COLUMNS = [("CPU-s per M", "cpu_secs_per_million", ".2f"), ("records/s", "records_per_sec", ",.0f"),
           ("requests", "requests", ",.0f"), ("peak RSS MB", "rss_peak_mb", ".0f"),
           ("switches vol.", "context_switches_voluntary", ",.0f"),
           ("invol.", "context_switches_involuntary", ",.0f"), ("duplicates", "duplicates", ".0f")]


def print_result(name, result):
    """Medians of a case that runs programs in turn."""
    print(f"\n{name}")
    print(f"{'program':<24}" + "".join(f"{title:>15}" for title, _, _ in COLUMNS) + "  ratio")
    for program, runs in result["runs"].items():
        cells = "".join(f"{median(runs, key):>15{form}}" for _, key, form in COLUMNS)
        against = result["ratios"].get(program)
        words = f"  {against['ratio']:.2f} ({against['low']:.2f} to {against['high']:.2f})" \
            if against else "  1"
        print(f"{program:<24}{cells}{words}", flush=True)
