"""Programs under test: how they are started, stopped, and what the kernel says they cost."""
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path


def on_cores(cores, command):
    """The command, held to those cores; to none if there are none given."""
    return ["taskset", "-c", ",".join(map(str, cores)), *command] if cores else command


class Program:
    """One process that reads a topic and posts batches until SIGTERM."""

    def __init__(self, command, log, environment=None, cores=None):
        self.log = Path(log)
        with open(self.log, "wb") as output:
            self.began_ns = time.time_ns()
            self.process = subprocess.Popen(on_cores(cores, command), stdout=output, stderr=output,
                                            stdin=subprocess.DEVNULL,
                                            env=dict(os.environ, **(environment or {})))
        self.pid = self.process.pid
        self.usage = None

    def cpu_secs(self):
        """User and system time so far, of all its threads."""
        # The kernel's number for "the CPU clock of process PID"; see clock_getcpuclockid(3).
        return time.clock_gettime(~self.pid << 3 | 2)

    def status(self, name):
        """A field of /proc/PID/status as a number, 0 if it is gone."""
        try:
            text = Path(f"/proc/{self.pid}/status").read_text("ascii")
        except OSError:
            return 0
        found = re.search(rf"^{name}:\s+(\d+)", text, re.M)
        return int(found.group(1)) if found else 0

    def switches(self):
        """Context switches so far, of all its threads."""
        total = 0
        for thread in Path(f"/proc/{self.pid}/task").iterdir():
            text = (thread / "status").read_text("ascii")
            total += sum(int(count) for count in re.findall(r"ctxt_switches:\s+(\d+)", text))
        return total

    def has_ended(self):
        """Whether it ended by itself, which none of them should."""
        return self.usage is None and self._wait(os.WNOHANG)

    def stop(self, patience_secs=40):
        """SIGTERM, then SIGKILL; gives the resources it used, children included."""
        ends = time.monotonic() + patience_secs
        if self.usage is None:
            os.kill(self.pid, signal.SIGTERM)
        while self.usage is None and time.monotonic() < ends:
            if not self._wait(os.WNOHANG):
                time.sleep(0.01)
        if self.usage is None:
            os.kill(self.pid, signal.SIGKILL)
            self._wait(0)
        return self.usage

    def _wait(self, options):
        pid, status, usage = os.wait4(self.pid, options)
        if pid == 0:
            return False
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.usage = usage
        return True

    def last_words(self):
        return self.log.read_text("utf-8", "replace")[-2000:]


class Sink:
    """The destination; see sink.cpp for its commands."""

    def __init__(self, binary, threads=2, certificate=None, cores=None):
        command = on_cores(cores, [str(binary), "--threads", str(threads)])
        self.scheme = "https" if certificate else "http"
        if certificate:
            command += ["--certificate", str(certificate), "--key", str(certificate)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, bufsize=1)
        self.port = int(self.process.stdout.readline())

    def url(self, path="/ingest"):
        return f"{self.scheme}://127.0.0.1:{self.port}{path}"

    def ask(self, *words):
        self.process.stdin.write(" ".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)


class Broker:
    """One real Apache Kafka broker in a folder of its own."""

    def __init__(self, root, folder, cores=None):
        self.folder = Path(folder)
        self.process = subprocess.Popen(on_cores(
            cores, [str(root / "tests/integration/kafka/run-broker"), str(self.folder)]))
        log = self.folder / "broker.log"
        ends = time.monotonic() + 120
        while not (log.exists() and "Kafka Server started" in log.read_text("utf-8", "replace")):
            if self.process.poll() is not None or time.monotonic() > ends:
                raise RuntimeError(f"Kafka did not start; see {log}")
            time.sleep(0.1)
        self.bootstrap = (self.folder / "address").read_text("ascii").strip()

    def stop(self):
        # What it holds is thrown away anyway.
        self.process.kill()
        self.process.wait()
