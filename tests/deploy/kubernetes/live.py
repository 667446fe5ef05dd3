"""What the checks on running pods share: namespaces, emulator, the installed chart, records."""

import json
import os
import signal
import time

from chart_checks import CHART
from node import ADDRESS, BROKERS, KEY, Failed, await_that, say, status_of

NAMESPACE = "apps"
TOOLS = "tools"
HEADRACE = "localhost/headrace:test"
PRODUCER = "localhost/producer:test"


def prepare(node):
    """Tecton's emulator in the node's network, a namespace of restricted pods, the Secret."""
    restricted = {"pod-security.kubernetes.io/enforce": "restricted"}
    node.apply(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": TOOLS}},
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": NAMESPACE, "labels": restricted},
        },
    )
    for namespace in (TOOLS, NAMESPACE):
        await_that(
            lambda: node.get("serviceaccount", "default", "-n", namespace), "the service account"
        )
    emulator = {
        "name": "emulator",
        "image": HEADRACE,
        "imagePullPolicy": "Never",
        "args": ["emulator", "--tecton", "18080", "--listen", ADDRESS],
    }
    node.apply(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "emulator", "namespace": TOOLS},
            "spec": {"hostNetwork": True, "containers": [emulator]},
        }
    )
    await_that(lambda: node.http("/_emulator/stats")[0] == 200, "the emulator")
    write_secret(node, KEY)


def write_secret(node, key):
    node.apply(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "tecton", "namespace": NAMESPACE},
            "stringData": {"api-key": key},
        }
    )


def producer(topic, per_second, seconds_after_sigterm):
    return {
        "name": "app",
        "image": PRODUCER,
        "imagePullPolicy": "Never",
        "args": [BROKERS, topic, str(per_second), str(seconds_after_sigterm)],
        "securityContext": {
            "runAsUser": 10002,
            "runAsNonRoot": True,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def values(mode, topic, **more):
    route = {
        "name": topic,
        "source": {"topics": [topic]},
        "destination": {
            "type": "tecton",
            "url": f"http://{ADDRESS}:18080/ingest",
            "api_key": "${file:/secrets/tecton/api-key}",
            "workspace_name": "prod",
            "stream_source_name": "clicks",
        },
        "retry": {"blocked_probe_ms": 1000},
    }
    return {
        "mode": mode,
        "secrets": [{"name": "tecton"}],
        "image": {"repository": "localhost/headrace", "tag": "test", "pullPolicy": "Never"},
        "resources": {
            "requests": {"cpu": "100m", "memory": "384Mi"},
            "limits": {"memory": "384Mi"},
        },
        "config": {"kafka": {"bootstrap_servers": BROKERS}, "routes": [route]},
        **more,
    }


def install(node, release, settings):
    """Installs or upgrades, and waits until every pod is ready."""
    say(f"installing {release}, {settings['mode']}")
    node.must(
        "helm",
        "upgrade",
        "--install",
        release,
        CHART,
        "-n",
        NAMESPACE,
        "-f",
        "-",
        "--wait",
        "--timeout",
        "3m",
        text=json.dumps(settings),
    )


def await_records(node, count, what, seconds=90):
    """Waits until so many distinct records are in the store."""
    return await_that(
        lambda: node.written()["distinct"] >= count,
        f"{what}: {count} records in the store",
        seconds,
    )


def await_more_records(node, what, seconds=90):
    await_records(node, node.written()["distinct"] + 500, what, seconds)


def kill(pod, container):
    """kill -9 of the container's process, from outside as the kernel does it."""
    container_id = status_of(pod, container)["containerID"].rsplit("/", 1)[1]
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{entry}/cgroup", encoding="ascii") as groups:
                is_its = container_id in groups.read()
        except OSError:
            continue
        if is_its:
            os.kill(int(entry), signal.SIGKILL)
            return
    raise Failed(f"no process of {container_id}")


def restarts(pod, container):
    return status_of(pod, container)["restartCount"]


def seconds_since(began):
    return f"{time.monotonic() - began:.1f} s"
