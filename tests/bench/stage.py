"""Where programs are measured: a broker, sinks, topics with records, and one run of a program."""
import itertools
import os
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from program import Broker, Program, Sink

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build/quick"
PROGRAMS = BUILD / "tests/bench"

# The least distance of two record numbers in a body: a little less than a record's length.
SPACING = 400
POLL_SECS = 0.05
WARM_UP_SECS = 3
MEMORY_FREE_MIN = 8 << 30


def folder_without_disk():
    """Where the broker's data costs no waiting for a disk; None where memory is too dear for it."""
    memory = Path("/dev/shm")
    has_room = memory.is_dir() and shutil.disk_usage(memory).free >= MEMORY_FREE_MIN
    return memory if has_room else None


class Stage:
    """Everything that a case needs; `with` ends all of it."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="headrace-bench-", dir=folder_without_disk()))
        self.numbers = itertools.count()
        self.topics = {}
        self.broker = None
        self.sinks = {}
        # Programs under test have half of the cores for themselves, all else the others: what they
        # cost then scatters far less.
        cores = sorted(os.sched_getaffinity(0))
        self.cores = cores[:len(cores) // 2]
        self.other_cores = cores[len(cores) // 2:]

    def __enter__(self):
        try:
            self.broker = Broker(ROOT, self.folder / "kafka", self.other_cores)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for sink in self.sinks.values():
            sink.stop()
        if self.broker:
            self.broker.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def sink(self, tls=False):
        """The sink, started when it is first asked for; it answers at once."""
        if tls not in self.sinks:
            certificate = self.certificate() if tls else None
            self.sinks[tls] = Sink(PROGRAMS / "bench_sink", certificate=certificate,
                                   cores=self.other_cores)
        return self.sinks[tls]

    def topic(self, records, **flags):
        """The name of a topic that holds so many records; filled when it is first asked for."""
        key = (records, *sorted(flags.items()))
        if key not in self.topics:
            self.topics[key] = self.fresh_name("topic")
            self.fill(self.topics[key], records, **flags)
        return self.topics[key]

    def fill(self, topic, records, **flags):
        """Fills a topic and returns when the broker has it all."""
        if self.start_filling(topic, records, **flags).wait() != 0:
            raise RuntimeError("the topic could not be filled")

    def start_filling(self, topic, records, **flags):
        command = [PROGRAMS / "bench_fill", "--bootstrap", self.broker.bootstrap, "--topic", topic,
                   "--records", records]
        for name, value in flags.items():
            command += [f"--{name}", value]
        return subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL)

    def fresh_name(self, kind):
        return f"{kind}-{next(self.numbers)}"

    def certificate(self):
        """A certificate of its own and its key, in one file."""
        path = self.folder / "sink.pem"
        if not path.exists():
            own = self.folder / "certificate.pem"
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
                            "2", "-keyout", path, "-out", own, "-subj", "/CN=localhost", "-addext",
                            "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
            with open(path, "a", encoding="ascii") as both:
                both.write(own.read_text("ascii"))
        return path


@contextmanager
def running(stage, contender, load):
    """A program under test that is stopped at the end; the sink notes its CPU time."""
    program = Program(contender.command(stage, load), stage.folder / "program.log",
                      cores=None if load.get("on_all_cores") else stage.cores)
    load["sink"].ask("watch", program.pid)
    try:
        yield program
    finally:
        program.stop()


def await_all(program, load, records):
    """Waits until the sink has seen every record; gives what it has seen."""
    ends = time.monotonic() + load.get("patience_secs", 60)
    seen = load["sink"].ask("stats")
    while not seen["last_ns"]:
        if program.has_ended() or time.monotonic() > ends:
            raise RuntimeError(f"{seen['distinct']} of {records} records arrived\n"
                               + program.last_words())
        time.sleep(POLL_SECS)
        seen = load["sink"].ask("stats")
    return seen


def measure(stage, contender, load):
    """Runs one program over all of a topic; gives what it cost.

    `load` is a dict: topic, records, sink, spacing where records are not clicks, and on_all_cores.
    CPU time is counted from the first request to the last record, so that neither start-up nor the
    time that a group takes to form is in it.
    """
    how = "number" if contender.sends_own_bodies else "count"
    load["sink"].ask("reset", load["records"], how, load.get("spacing", SPACING))
    with running(stage, contender, load) as program:
        await_all(program, load, load["records"])
        peak_kb = program.status("VmHWM")
    return cost(program, load["sink"].ask("stats"), peak_kb)


def measure_live(stage, contender, load, rate, records):
    """Runs one program that has joined its group while records come at a rate.

    Before the part that counts, broker, producer and program have had the same load for a while.
    """
    topic = stage.fresh_name("live")
    load = dict(load, topic=topic)
    before = int(rate * WARM_UP_SECS)
    load["sink"].ask("reset", before, "number", SPACING)
    stage.fill(topic, 0)
    with running(stage, contender, load) as program:
        stage.fill(topic, before, make="no", rate=rate)
        await_all(program, load, before)
        load["sink"].ask("reset", records, "number", SPACING)
        filling = stage.start_filling(topic, records, make="no", rate=rate)
        await_all(program, dict(load, patience_secs=60 + records / rate), records)
        if filling.wait() != 0:
            raise RuntimeError("the topic could not be filled")
        peak_kb = program.status("VmHWM")
    seen = load["sink"].ask("stats")
    latencies = {name: seen[name] for name in ("p50_ms", "p99_ms", "p999_ms")}
    return cost(program, seen, peak_kb) | latencies


def cost(program, seen, peak_kb):
    """The figures of a run, by name."""
    secs = (seen["last_ns"] - seen["first_ns"]) / 1e9
    cpu_secs = (seen["last_cpu_ns"] - seen["first_cpu_ns"]) / 1e9
    usage = program.usage
    return {
        "cpu_secs_per_million": cpu_secs / seen["distinct"] * 1e6,
        "cpu_secs_per_million_warm":
            (seen["last_cpu_ns"] - seen["quarter_cpu_ns"]) / seen["distinct"] / 0.75e3,
        "cpu_secs_whole_process": usage.ru_utime + usage.ru_stime,
        "records_per_sec": seen["distinct"] / secs if secs else 0,
        "requests": seen["requests"],
        "records_per_request": seen["records"] / seen["requests"],
        "requests_per_cpu_sec": seen["requests"] / cpu_secs if cpu_secs else 0,
        "refused_requests": seen["refused"],
        "duplicates": seen["records"] - seen["distinct"],
        "rss_peak_mb": peak_kb / 1024,
        "switches_voluntary": usage.ru_nvcsw,
        "switches_involuntary": usage.ru_nivcsw,
        "start_secs": (seen["first_ns"] - program.began_ns) / 1e9,
        "secs": secs,
        "last_three_quarters_secs": (seen["last_ns"] - seen["quarter_ns"]) / 1e9,
        "exit_code": program.process.returncode,
    }
