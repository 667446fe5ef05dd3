"""What the daemon and its peers lose and repeat when something fails: counts, not costs."""
import os
import subprocess
import time
from dataclasses import dataclass

from contenders import Daemon, peers
from program import Program
from registry import case
from result import Result
from stage import SPACING

CONNECTIONS = 64
ANSWER_MICROS = 50_000
OUTAGE_SECS = 20
# A member that was killed holds its partitions for up to 45 s, and the Benthos engine waits up to
# 38 s before it tries again.
PATIENCE_SECS = 75
# One that was stopped has left its group.
PATIENCE_AGAIN_SECS = 20


@dataclass
class Trial:
    """One program with a topic of its own, which can be stopped and started again."""

    stage: object
    command: list
    records: int

    @property
    def sink(self):
        return self.stage.sink()

    def start(self):
        return Program(self.command, self.stage.folder / "program.log")

    def seen(self):
        return self.sink.ask("stats")

    def wait(self, share, secs):
        """Seconds until a share of the records has arrived; None if it does not in time."""
        began = time.monotonic()
        while self.seen()["distinct"] < share * self.records:
            if time.monotonic() > began + secs:
                return None
            time.sleep(0.05)
        return time.monotonic() - began


def contenders(options, **route):
    daemon = Daemon("daemon", http={"concurrency": CONNECTIONS}, **route)
    return [daemon, *peers(options, CONNECTIONS)]


def records_in(stage, topic):
    """What a topic holds, asked of Kafka's own tool."""
    libs = os.environ["HEADRACE_KAFKA_LIBS"]
    told = subprocess.run(["java", "-Xmx96m", "-cp", f"{libs}/*",
                           "org.apache.kafka.tools.GetOffsetShell", "--bootstrap-server",
                           stage.broker.bootstrap, "--topic", topic],
                          check=True, capture_output=True, text=True).stdout
    return sum(int(line.rsplit(":", 1)[1]) for line in told.splitlines())


def new_trial(stage, contender, records, answer_micros=ANSWER_MICROS):
    sink = stage.sink()
    sink.ask("refuse", 0, 0)
    sink.ask("delay", answer_micros)
    sink.ask("reset", records, "number", SPACING)
    load = {"topic": stage.topic(records), "sink": sink}
    return Trial(stage, contender.command(stage, load), records)


def add_counts(result, trial, name):
    seen = trial.seen()
    # Whoever loses records has no goal here: only the daemon promises not to.
    goal = {"at_most": 0} if name == "daemon" else {}
    result.add(f"records lost, {name}", trial.records - seen["distinct"], **goal)
    result.add(f"records twice, {name}", seen["records"] - seen["distinct"])
    return seen


def say_new(options, result, contender):
    ends = f", {contender.name}"
    options.say("\n".join(figure.words() for figure in result.figures
                          if figure.name.endswith(ends)))


@case("outage", f"every request is answered 503 for {OUTAGE_SECS} s, then 200; 64 in flight")
def outage_case(stage, options):
    result = Result()
    for contender in contenders(options):
        trial = new_trial(stage, contender, 100_000)
        program = trial.start()
        try:
            trial.wait(0.3, PATIENCE_SECS)
            trial.sink.ask("refuse", 503, 1)
            time.sleep(OUTAGE_SECS)
            trial.sink.ask("refuse", 0, 0)
            after = trial.wait(1, PATIENCE_SECS)
            if after is None:
                # Perhaps what is missing was not committed: a new start would read it.
                program.stop()
                program = trial.start()
                trial.wait(1, PATIENCE_AGAIN_SECS)
        finally:
            program.stop()
            trial.sink.ask("refuse", 0, 0)
        seen = add_counts(result, trial, contender.name)
        result.add(f"requests into the outage, {contender.name}", seen["refused"])
        if after is not None:
            result.add(f"all delivered after its end, {contender.name}", after, unit=" s")
        say_new(options, result, contender)
    trial.sink.ask("delay", 0)
    return result


@case("kill", "kill -9 at 60 % of 200,000 records and a new start; 64 in flight")
def kill_case(stage, options):
    result = Result()
    for contender in contenders(options):
        trial = new_trial(stage, contender, 200_000)
        program = trial.start()
        try:
            trial.wait(0.6, PATIENCE_SECS)
            os.kill(program.pid, 9)
            program.stop()
            program = trial.start()
            trial.wait(1, PATIENCE_SECS)
        finally:
            program.stop()
        add_counts(result, trial, contender.name)
        say_new(options, result, contender)
    trial.sink.ask("delay", 0)
    return result


@case("poison", "20 of 20,000 records make their whole request be answered 400")
def poison_case(stage, options):
    result = Result()
    dead_letters = stage.fresh_name("dead")
    stage.fill(dead_letters, 0, partitions=1)
    for contender in contenders(options, dead_letters={"topic": dead_letters}):
        trial = new_trial(stage, contender, 20_000, answer_micros=5000)
        program = trial.start()
        trial.sink.ask("refuse", 400, 1000)
        try:
            time.sleep(30)
            ended = program.has_ended()
        finally:
            program.stop()
            trial.sink.ask("refuse", 0, 0)
        seen = trial.seen()
        name = contender.name
        goal = {"at_least": 19_980} if name == "daemon" else {}
        result.add(f"of 19,980 good records delivered, {name}", seen["distinct"], **goal)
        result.add(f"requests refused, {name}", seen["refused"])
        if name == "daemon":
            result.add("dead letters, daemon", records_in(stage, dead_letters))
        if ended:
            result.notes.append(f"{name} ended by itself")
        say_new(options, result, contender)
    trial.sink.ask("delay", 0)
    return result
