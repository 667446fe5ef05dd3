"""What compressing request bodies costs the daemon; the sink counts requests and bytes only."""
import asyncio
import re
import statistics
import threading
import time

from contenders import Daemon
from program import Program
from registry import case
from result import Result

RECORDS = 300_000
BATCH = 10
ROUNDS_MAX = 4
LENGTH = re.compile(rb"\r\nContent-Length: (\d+)\r\n")
BODY = b'{"workspaceName":"w"}'
ANSWER = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
          % (len(BODY), BODY))


class BlindSink:
    """Says yes to everything, on a thread of its own. Slower than the other sink, which looks into
    bodies: the daemon's CPU time is what counts here."""

    def __init__(self):
        self.requests = self.body_bytes = 0
        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(
            self.loop.create_server(lambda: Connection(self), "127.0.0.1", 0))
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()

    def url(self, path="/ingest"):
        return f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}{path}"

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.server.close()


class Connection(asyncio.Protocol):
    def __init__(self, sink):
        self.sink = sink
        self.received = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.received += data
        while (head := self.received.find(b"\r\n\r\n")) >= 0:
            length = int(LENGTH.search(self.received, 0, head + 2).group(1))
            end = head + 4 + length
            if len(self.received) < end:
                return
            self.received = self.received[end:]
            self.sink.requests += 1
            self.sink.body_bytes += length
            self.transport.write(ANSWER)


def measure(stage, topic, sink, coding):
    """CPU seconds of a million records, and bytes of a body."""
    sink.requests = sink.body_bytes = 0
    daemon = Daemon(http={"concurrency": 16, "compression": coding})
    load = {"topic": topic, "records": RECORDS, "sink": sink}
    program = Program(daemon.command(stage, load), stage.folder / "program.log")
    try:
        wait_for(program, sink, 1)
        cpu, requests = program.cpu_secs(), sink.requests
        wait_for(program, sink, RECORDS // BATCH)
        cpu, requests = program.cpu_secs() - cpu, sink.requests - requests
    finally:
        program.stop()
    return 1e6 * cpu / (requests * BATCH), sink.body_bytes / sink.requests


def wait_for(program, sink, requests):
    ends = time.monotonic() + 120
    while sink.requests < requests:
        if program.has_ended() or time.monotonic() > ends:
            raise RuntimeError(f"{sink.requests} requests arrived\n{program.last_words()}")
        time.sleep(0.005)


@case("compression", "512 B JSON to Tecton: http.compression none, gzip and zstd")
def compression_case(stage, options):
    codings = ["none", "gzip", "zstd"]
    topic = stage.topic(RECORDS)
    runs = {coding: [] for coding in codings}
    sink = BlindSink()
    try:
        for number in range(min(options.rounds, ROUNDS_MAX)):
            for coding in codings if number % 2 == 0 else reversed(codings):
                runs[coding].append(measure(stage, topic, sink, coding))
    finally:
        sink.stop()
    result = Result()
    for coding, figures in runs.items():
        cpu, size = zip(*figures)
        result.add(f"CPU-s per M, {coding}", statistics.median(cpu), min(cpu), max(cpu))
        result.add(f"bytes of a body, {coding}", statistics.median(size))
    return result
