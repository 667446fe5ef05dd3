"""Runs programs in turn (A B A B) and says how their figures compare."""
import statistics

from stage import measure

CPU = "cpu_secs_per_million"


def in_turn(stage, contenders, load, rounds, say):
    """The figures of every run: {name of the program: [figures of round 1, 2, ...]}."""
    runs = {contender.name: [] for contender in contenders}
    for number in range(rounds):
        one_round(stage, contenders, load, runs, number)
        say(f"round {number + 1} of {rounds}, CPU-s per million: " + ", ".join(
            f"{name} {figures[-1][CPU]:.2f}" for name, figures in runs.items()))
    return runs


def one_round(stage, contenders, load, runs, number):
    # Turned around every other time, so that none always follows the same other.
    for contender in contenders if number % 2 == 0 else reversed(contenders):
        runs[contender.name].append(measure(stage, contender, load))


def median(runs, figure):
    return statistics.median(run[figure] for run in runs)


def quartiles(values):
    """Median, lower and upper quartile."""
    if len(values) < 2:
        return values[0], values[0], values[0]
    low, middle, high = statistics.quantiles(sorted(values), n=4, method="inclusive")
    return middle, low, high


def ratio(runs, of, to, figure=CPU):
    """Median and quartiles of the rounds' ratios."""
    return quartiles([one[figure] / other[figure] for one, other in zip(runs[of], runs[to])])
