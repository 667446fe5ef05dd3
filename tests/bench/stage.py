"""Where programs are measured: a broker, a sink, topics with records, and one run of a program."""
import itertools
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from program import Broker, Program, Sink

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build/quick"
PROGRAMS = BUILD / "tests/bench"

# The least distance of two record numbers in a body: a little less than a record's length.
CLICK_BYTES = 512
SPACING = 400


class Stage:
    """Everything that a case needs; `with` ends all of it."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="headrace-bench-"))
        self.numbers = itertools.count()
        self.topics = {}
        self.broker = None
        self.sinks = {}

    def __enter__(self):
        try:
            self.broker = Broker(ROOT, self.folder / "kafka")
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
        """The sink, started when it is first asked for."""
        if tls not in self.sinks:
            certificate = self._certificate() if tls else None
            self.sinks[tls] = Sink(PROGRAMS / "bench_sink", certificate=certificate)
        return self.sinks[tls]

    def topic(self, records, **flags):
        """The name of a topic that holds so many records; filled when it is first asked for."""
        key = (records, *sorted(flags.items()))
        if key not in self.topics:
            self.topics[key] = f"t{next(self.numbers)}"
            self.fill(self.topics[key], records, **flags)
        return self.topics[key]

    def fill(self, topic, records, **flags):
        """Fills a topic and returns when the broker has it all."""
        filled = self.start_filling(topic, records, **flags)
        if filled.wait() != 0:
            raise RuntimeError("the topic could not be filled")

    def start_filling(self, topic, records, **flags):
        command = [PROGRAMS / "bench_fill", "--bootstrap", self.broker.bootstrap, "--topic", topic,
                   "--records", records]
        for name, value in flags.items():
            command += [f"--{name}", value]
        return subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL)

    def forget_topics(self):
        """Lets go of the disk that the topics take: the next case fills its own."""
        self.topics.clear()

    def fresh_name(self, kind):
        return f"{kind}-{next(self.numbers)}"

    def _certificate(self):
        path = self.folder / "sink.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-keyout", path, "-out", self.folder / "certificate.pem", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
                       check=True, capture_output=True)
        with open(path, "a", encoding="ascii") as both:
            both.write((self.folder / "certificate.pem").read_text("ascii"))
        return path


def measure(stage, contender, load):
    """Runs one program over all of a topic; gives what it cost.

    `load` is a dict: topic, records, sink, and spacing where records are not clicks. CPU time is
    counted from the first request to the last record, so that neither start-up nor the time that a
    group takes to form is in it.
    """
    sink = load["sink"]
    how = "number" if contender.sends_own_bodies else "count"
    sink.ask("reset", load["records"], how, load.get("spacing", SPACING))
    program = Program(contender.command(stage, load), stage.folder / "program.log")
    sink.ask("watch", program.pid)
    try:
        ends = time.monotonic() + load.get("patience_secs", 120)
        seen = sink.ask("stats")
        while not seen["last_ns"]:
            if program.has_ended() or time.monotonic() > ends:
                raise RuntimeError(f"{contender.name}: {seen['distinct']} of {load['records']} "
                                   f"records arrived\n{program.last_words()}")
            time.sleep(0.05)
            seen = sink.ask("stats")
        peak_kb = program.status("VmHWM")
    finally:
        usage = program.stop()
    return cost(program, sink.ask("stats"), usage, peak_kb)


def cost(program, seen, usage, peak_kb):
    """The figures of a run, by name."""
    secs = (seen["last_ns"] - seen["first_ns"]) / 1e9
    cpu_secs = (seen["last_cpu_ns"] - seen["first_cpu_ns"]) / 1e9
    millions = seen["distinct"] / 1e6
    return {
        "cpu_secs_per_million": cpu_secs / millions,
        "cpu_secs_whole_process": usage.ru_utime + usage.ru_stime,
        "records_per_sec": seen["distinct"] / secs,
        "requests": seen["requests"],
        "records_per_request": seen["records"] / seen["requests"],
        "requests_per_cpu_sec": seen["requests"] / cpu_secs if cpu_secs else 0,
        "duplicates": seen["records"] - seen["distinct"],
        "rss_peak_mb": peak_kb / 1024,
        "context_switches_voluntary": usage.ru_nvcsw,
        "context_switches_involuntary": usage.ru_nivcsw,
        "start_secs": (seen["first_ns"] - program.began_ns) / 1e9,
        "exit_code": program.process.returncode,
    }
