"""What the service stands between: a real Kafka and the emulators, and the records."""

import json
import os
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

from machine import Failed, await_that, get

ROOT = Path(__file__).resolve().parents[3]
BROKER = "127.0.0.1:9092"
TECTON, MILVUS = "http://127.0.0.1:8081", "http://127.0.0.1:19530"
TECTON_KEY, MILVUS_TOKEN = "a-key-that-only-the-credential-holds", "root:first-token"
CONFIG = "/etc/headrace/headrace.yaml"
KEY_FILE, TOKEN_FILE = "/etc/credstore/headrace.tecton-api-key", "/etc/headrace/milvus-token"


def config(**changed):
    """The service's configuration; `changed` replaces whole lines by their name below."""
    lines = {
        "kafka": f'kafka: {{bootstrap_servers: "{BROKER}"}}',
        "admin": "admin: {listen: 127.0.0.1:9464}",
        "control": "control: {socket: /run/headrace/control.sock}",
        "log": "log: {level: info, format: text}",
        "limits": "limits: {drain_secs: 25}",
        "batch": "batch_size: 10",
    } | changed
    return f"""{lines["kafka"]}
{lines["admin"]}
{lines["control"]}
{lines["log"]}
{lines["limits"]}
routes:
  - name: clicks
    source: {{topics: [clicks]}}
    destination:
      type: tecton
      url: {TECTON}/ingest
      api_key: ${{credential:tecton-api-key}}
      workspace_name: prod
      stream_source_name: clicks
    batch: {{{lines["batch"]}}}
    retry: {{probe_ms: 200, blocked_probe_ms: 500}}
    dead_letters: {{topic: dead-letters}}
  - name: documents
    source: {{topics: [docs]}}
    destination:
      {{type: milvus, url: "{MILVUS}", token: "${{file:{TOKEN_FILE}}}", collection: docs}}
    retry: {{probe_ms: 200, blocked_probe_ms: 500}}
    dead_letters: {{topic: dead-letters}}
"""


def click(number):
    stamp = f"2026-01-02T03:04:05.{number // 1000:09d}Z"
    user = f"user-{number % 1000}"
    value = {
        "event_id": number,
        "user_id": user,
        "timestamp": stamp,
        "url": "/page",
        "clicked": 1,
        "amount": 2.5,
    }
    return f"{user}\t{json.dumps(value)}"


def document(number):
    value = {"id": number, "vector": [0.1] * 8, "title": f"Document {number}"}
    return f"{number}\t{json.dumps(value)}"


class Stage:
    """Everything around the service. REQUIRES: this process is in the machine's network."""

    def __init__(self, machine, kafka_libs):
        self.machine = machine
        self.libs = kafka_libs
        self.folder = machine.work / "kafka"
        self.broker = None
        self.clicks = self.documents = 0

    def start_emulators(self):
        self.machine.must(
            "systemd-run",
            "--quiet",
            "--unit=doubles",
            "/usr/bin/headrace",
            "emulator",
            "--tecton",
            "8081",
            "--milvus",
            "19530",
        )
        await_that(lambda: self.stats("tecton"), "the emulators answer")
        # What worked by default must not: only the secrets that the service is given may.
        self.ask(TECTON, "keys", {"secret": TECTON_KEY, "role": "editor"})
        self.ask(TECTON, "keys?secret=demo-key", method="DELETE")
        self.milvus_token(MILVUS_TOKEN)

    def milvus_token(self, token):
        self.ask(MILVUS, "tokens", {"tokens": [token]})

    def break_tecton(self, rule):
        self.ask(TECTON, "faults", rule)

    def mend_tecton(self):
        self.ask(TECTON, "faults", method="DELETE")

    def ask(self, server, what, body=None, method="POST"):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{server}/_emulator/{what}", data, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or "null")

    def stats(self, which):
        return json.loads(get(f"{TECTON if which == 'tecton' else MILVUS}/_emulator/stats"))

    def start_kafka(self):
        self.folder.mkdir(exist_ok=True)
        log = self.folder / "broker.log"
        began, starts = time.monotonic(), log.exists() and log.read_text().count(
            "Kafka Server started"
        )
        environment = dict(os.environ, HEADRACE_KAFKA_LIBS=self.libs)
        self.broker = subprocess.Popen(
            [
                ROOT / "tests/integration/kafka/run-broker",
                self.folder,
                "9092",
                "9093",
                "auto.create.topics.enable=true",
                "num.partitions=4",
            ],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        await_that(
            lambda: log.exists() and log.read_text().count("Kafka Server started") > starts,
            "Kafka starts",
        )
        return time.monotonic() - began

    def produce(self, clicks=0, documents=0):
        self._send("clicks", [click(n) for n in range(self.clicks, self.clicks + clicks)])
        self._send("docs", [document(n) for n in range(self.documents, self.documents + documents)])
        self.clicks += clicks
        self.documents += documents

    def make_topics(self):
        for topic in ("clicks", "docs", "dead-letters"):
            self._kcat("-L", "-t", topic)

    def _send(self, topic, lines):
        if lines:
            self._kcat(
                "-P",
                "-t",
                topic,
                "-K",
                "\\t",
                "-X",
                "enable.idempotence=true",
                text="\n".join(lines) + "\n",
            )

    def _kcat(self, *words, text=""):
        ended = subprocess.run(
            ["kcat", "-b", BROKER, *words],
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        if ended.returncode != 0:
            raise Failed(f"kcat {' '.join(words)}: {ended.stdout}")

    def written(self):
        """What the destinations hold of all that was produced: (missing, duplicates)."""
        clicks = json.loads(get(f"{TECTON}/_emulator/ids?source=clicks&count={self.clicks}"))
        documents = json.loads(
            get(f"{MILVUS}/_emulator/ids?collection=docs&count={self.documents}")
        )
        return (
            clicks["missing"] + documents["missing"],
            clicks["duplicates"] + documents["duplicates"],
        )

    def await_all_written(self, seconds=90):
        await_that(
            lambda: self.written()[0] == 0,
            f"{self.clicks} clicks and {self.documents} documents are written",
            seconds,
        )

    def clicks_written(self):
        return json.loads(get(f"{TECTON}/_emulator/ids?source=clicks&count={self.clicks}"))[
            "distinct"
        ]

    def close(self):
        if self.broker and self.broker.poll() is None:
            self.broker.send_signal(signal.SIGKILL)
            self.broker.wait()
