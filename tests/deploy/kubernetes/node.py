"""The one-node cluster as the checks use it: kubectl, helm, Kafka's tools, the emulator."""

import ctypes
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

ADDRESS = "192.0.2.1"
BROKERS = f"{ADDRESS}:9092"
EMULATOR = f"http://{ADDRESS}:18080"
CLONE_NEWNET = 0x40000000
KEY = "demo-key"


class Failed(Exception):
    """Something went on not being so; says what was seen last."""


class Report:
    """Prints what the campaign keeps: one line for each check and figure."""

    def __init__(self):
        self.failed = 0

    def check(self, sentence, is_so, seen=""):
        if is_so:
            print(f"ok - {sentence}", flush=True)
        else:
            self.failed += 1
            text = " ".join(str(seen).split())
            print(f"not ok - {sentence}: {text[:600] or 'it is not so'}", flush=True)
        return is_so

    def figure(self, name, value):
        print(f"figure - {name}: {value}", flush=True)

    def version(self, program, version):
        print(f"version - {program}: {version}", flush=True)


def say(text):
    print(f"kubernetes: {text}", file=sys.stderr, flush=True)


def await_that(question, what, seconds=90):
    """The first true answer of `question`, which may raise while it is too early."""
    deadline, last = time.monotonic() + seconds, None
    while True:
        try:
            last = question()
            if last:
                return last
        except (
            Failed,
            OSError,
            KeyError,
            IndexError,
            ValueError,
            subprocess.CalledProcessError,
        ) as error:
            last = error
        if time.monotonic() > deadline:
            raise Failed(f"{what}: not within {seconds} s; seen last: {last}")
        time.sleep(0.25)


class Node:
    def __init__(self, folder, programs, kafka_libs):
        self.folder, self.programs, self.kafka_libs = folder, programs, kafka_libs
        self.environment = dict(
            os.environ,
            KUBECONFIG=f"{folder}/kubeconfig",
            HELM_CACHE_HOME=f"{folder}/helm",
            HELM_CONFIG_HOME=f"{folder}/helm",
            HELM_DATA_HOME=f"{folder}/helm",
            PATH=f"{programs}:{os.environ['PATH']}",
        )

    def enter(self, name):
        """The cluster's network becomes ours, and that of the programs started from then on."""
        # os.setns is newer than Debian 12's Python.
        with open(f"/run/netns/{name}", encoding="ascii") as namespace:
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) != 0:
                raise Failed(f"setns: {os.strerror(ctypes.get_errno())}")

    def run(self, *command, text=None):
        """The finished process, whatever its exit code."""
        return subprocess.run(
            [str(word) for word in command],
            input=text,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=600,
            check=False,
        )

    def must(self, *command, text=None):
        done = self.run(*command, text=text)
        if done.returncode != 0:
            raise Failed(
                f"{' '.join(str(word) for word in command)[:200]}: {done.stderr or done.stdout}"
            )
        return done.stdout

    def kubectl(self, *words, text=None):
        return self.must("kubectl", *words, text=text)

    def apply(self, *documents):
        self.kubectl(
            "apply",
            "-f",
            "-",
            text=json.dumps({"apiVersion": "v1", "kind": "List", "items": documents}),
        )

    def get(self, *words):
        return json.loads(self.kubectl("get", *words, "-o", "json"))

    def http(self, path, body=None, method=None, base=EMULATOR):
        """Status and JSON of the answer."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            base + path, data, method=method or ("GET" if body is None else "POST")
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    # What the emulator of Tecton took.

    def written(self, count=0):
        """Ids in the store: distinct, duplicates; with `count` those of 0..count-1 that miss."""
        status, answer = self.http(f"/_emulator/ids?source=clicks&count={count}&limit=3")
        if status != 200:
            raise Failed(f"the emulator answers {status} {answer}")
        return answer

    def forget(self):
        self.http("/_emulator/reset", {}, "POST")

    def accept_key(self, secret):
        self.http("/_emulator/keys", {"secret": secret, "role": "editor"})

    def refuse_key(self, secret):
        self.http(f"/_emulator/keys?secret={secret}", method="DELETE")

    # Kafka.

    def kafka(self, tool, *words):
        return self.must(
            "java",
            "-Xmx128m",
            "-cp",
            f"{self.kafka_libs}/*",
            f"org.apache.kafka.tools.{tool}",
            "--bootstrap-server",
            BROKERS,
            *words,
        )

    def make_topics(self, *names):
        for name in names:
            self.kafka("TopicCommand", "--create", "--topic", name, "--partitions", "4")

    def records_in(self, topic):
        lines = self.kafka("GetOffsetShell", "--topic", topic).split()
        return sum(int(line.rsplit(":", 1)[1]) for line in lines)

    # Pods.

    def pod(self, namespace, selector):
        """The one pod of the selector that is not on its way out."""
        pods = [
            pod
            for pod in self.get("pods", "-n", namespace, "-l", selector)["items"]
            if "deletionTimestamp" not in pod["metadata"]
        ]
        if len(pods) != 1:
            raise Failed(f"{len(pods)} pods for {selector}")
        return pods[0]

    def logs(self, namespace, pod, container):
        return self.kubectl("logs", "-n", namespace, pod, "-c", container, "--timestamps")


def status_of(pod, container):
    """The container's status, sidecar or main."""
    statuses = pod["status"].get("initContainerStatuses", []) + pod["status"].get(
        "containerStatuses", []
    )
    return next(status for status in statuses if status["name"] == container)


def is_ready(pod):
    return any(
        condition["type"] == "Ready" and condition["status"] == "True"
        for condition in pod["status"].get("conditions", [])
    )


def admin(node, pod, path):
    """Status and JSON of a pod's admin address."""
    return node.http(path, base=f"http://{pod['status']['podIP']}:9464")
