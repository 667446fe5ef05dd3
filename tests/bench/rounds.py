"""Runs programs in turn (A B A B) and says how their figures compare."""
import statistics

from stage import measure


def in_turn(stage, contenders, load, rounds, say):
    """The figures of every run: {name of the program: [figures of round 1, 2, ...]}."""
    runs = {contender.name: [] for contender in contenders}
    for number in range(rounds):
        # Turned around every other time, so that none is always the one after the same other.
        for contender in contenders if number % 2 == 0 else reversed(contenders):
            runs[contender.name].append(measure(stage, contender, load))
        say(f"round {number + 1} of {rounds}: " + ", ".join(
            f"{name} {figures[-1]['cpu_secs_per_million']:.2f}" for name, figures in runs.items()))
    return runs


def median(runs, figure):
    return statistics.median(run[figure] for run in runs)


def ratio(runs, of, to, figure="cpu_secs_per_million"):
    """Median, lower and upper quartile of the rounds' ratios."""
    ratios = sorted(one[figure] / other[figure] for one, other in zip(runs[of], runs[to]))
    if len(ratios) < 2:
        return ratios[0], ratios[0], ratios[0]
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return middle, low, high
