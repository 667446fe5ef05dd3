"""A pod whose main container writes to Kafka while the native sidecar moves the records."""

import datetime
import json
import re
import subprocess
import time

from live import (
    NAMESPACE,
    await_more_records,
    await_records,
    install,
    kill,
    producer,
    restarts,
    seconds_since,
    values,
    write_secret,
)
from node import KEY, admin, await_that, is_ready, say, status_of

RELEASE = "beside"
TOPIC = "beside-clicks"
NEW_KEY = "second-key"
PER_SECOND = 500
SECONDS_AFTER_SIGTERM = 6


def check_sidecar(node, report):
    node.make_topics(TOPIC)
    settings = values(
        "sidecar",
        TOPIC,
        replicas=1,
        application={
            "container": producer(TOPIC, PER_SECOND, SECONDS_AFTER_SIGTERM),
            "stopSeconds": SECONDS_AFTER_SIGTERM + 9,
        },
    )
    install(node, f"{RELEASE}-headrace", settings)
    await_more_records(node, "the sidecar moves records")
    check_start(node, report)
    check_kill(node, report)
    check_rotation(node, report)
    produced = check_stop(node, report)
    node.must("helm", "uninstall", f"{RELEASE}-headrace", "-n", NAMESPACE, "--wait")
    return produced


def the_pod(node):
    return node.pod(NAMESPACE, f"app.kubernetes.io/instance={RELEASE}-headrace")


def check_start(node, report):
    pod = the_pod(node)
    name = pod["metadata"]["name"]
    ours = moments(node.logs(NAMESPACE, name, "headrace"))
    main = moments(node.logs(NAMESPACE, name, "app"))
    started = next((at for at, text in ours if "event=started" in text), None)
    before_main = [status["name"] for status in pod["status"].get("initContainerStatuses", [])]
    report.check(
        "the sidecar starts first: it serves before the main container's first line",
        before_main == ["headrace"] and started and started < main[0][0],
        f"sidecar {ours[:1]}, main {main[:1]}, init containers {before_main}",
    )
    if started:
        report.figure(
            "from the sidecar's `started` to the main container's first line",
            f"{main[0][0] - started:.1f} s",
        )
    report.check(
        "startup and liveness probes pass: the pod is Ready and nothing was restarted",
        is_ready(pod) and restarts(pod, "headrace") == 0,
        pod["status"],
    )


def check_kill(node, report):
    before = the_pod(node)
    duplicates = node.written()["duplicates"]
    began = time.monotonic()
    kill(before, "headrace")
    await_that(lambda: restarts(the_pod(node), "headrace") == 1, "the sidecar's restart")
    await_more_records(node, "records after kill -9")
    took, after = seconds_since(began), the_pod(node)
    report.check(
        "kill -9 of the sidecar restarts it alone: the main container goes on as the same process",
        restarts(after, "app") == 0
        and status_of(after, "app")["containerID"] == status_of(before, "app")["containerID"],
        after["status"],
    )
    report.figure("kill -9 of the sidecar, until 500 more records were in the store", took)
    report.figure(
        "records written again after that kill -9", node.written()["duplicates"] - duplicates
    )


def check_rotation(node, report):
    """Another key: until the Secret has it the route is blocked, not the application."""
    before = the_pod(node)
    node.accept_key(NEW_KEY)
    node.refuse_key(KEY)
    status, reasons = await_that(lambda: blocked(node), "the route is blocked")
    # A readiness probe with Kubernetes' defaults would have failed after 30 s.
    time.sleep(45)
    pod = the_pod(node)
    report.check(
        "with the key revoked /readyz is 503 and the pod with the sidecar stays Ready",
        status == 503
        and is_ready(pod)
        and restarts(pod, "headrace") == restarts(before, "headrace"),
        f"{status} {reasons} {pod['status'].get('conditions')}",
    )
    say("rotating the Secret; the kubelet takes up to a minute and a half")
    began = time.monotonic()
    write_secret(node, NEW_KEY)
    written = node.written()["distinct"]
    await_records(node, written + 1, "records after the Secret's change", 180)
    took, pod = seconds_since(began), the_pod(node)
    report.check(
        "a Secret that changes is taken up without a restart: the blocked route flows again",
        restarts(pod, "headrace") == restarts(before, "headrace") and restarts(pod, "app") == 0,
        pod["status"],
    )
    report.figure("from the Secret's change to the first record written with the new key", took)


def blocked(node):
    answer = admin(node, the_pod(node), "/readyz")
    return answer if answer[0] == 503 and "blocked" in str(answer[1]) else None


def check_stop(node, report):
    """The pod is told to end: who ends when, and with which records. Returns their number."""
    pod = the_pod(node)
    name, deployment = pod["metadata"]["name"], f"deployment/{RELEASE}-headrace"
    await_more_records(node, "the backlog")
    logs = {
        container: follow(node, "logs", "-f", "--timestamps", "--tail=20", name, "-c", container)
        for container in ("headrace", "app")
    }
    watch = follow(node, "get", "pod", name, "--watch", "-o", "json")
    began = time.monotonic()
    node.kubectl("scale", "-n", NAMESPACE, deployment, "--replicas=0")
    node.kubectl("wait", "-n", NAMESPACE, f"pod/{name}", "--for=delete", "--timeout=90s")
    took = seconds_since(began)
    ours, main = (
        moments(logs[container].communicate(timeout=30)[0]) for container in ("headrace", "app")
    )
    watch.terminate()
    last = list(documents(watch.communicate(timeout=30)[0]))[-1]

    at_end, final = node.written(), next(text for _, text in main if "ended after" in text)
    produced = int(re.search(r"ended after (\d+)", final)[1])
    told = next((at for at, text in main if "told to end" in text), None)
    main_ended = next(at for at, text in main if "ended after" in text)
    draining = next((at for at, text in ours if "event=draining" in text), None)
    stopped = next((at for at, text in ours if "event=stopped" in text), None)
    report.check(
        "the sidecar stops last: it is told to end only after the main container has ended",
        told and draining and stopped and told < main_ended < draining <= stopped,
        f"main {main[-2:]}, sidecar {ours[-4:]}",
    )
    exits = {
        container: status_of(last, container)["state"].get("terminated", {}).get("exitCode")
        for container in ("headrace", "app")
    }
    report.check(
        "both end with 0, within the grace period",
        exits == {"headrace": 0, "app": 0},
        json.dumps(last["status"]),
    )
    in_kafka = node.records_in(TOPIC)
    report.check(
        "Kafka holds every record that the main container wrote, those after its SIGTERM too",
        in_kafka == produced,
        f"{in_kafka} of {produced}",
    )
    report.figure("records that the main container wrote", produced)
    report.figure("of these in the store when the pod was gone", at_end["distinct"])
    if draining and stopped:
        report.figure(
            "from the main container's end to the sidecar's first line of draining",
            f"{draining - main_ended:.1f} s",
        )
    report.figure(
        "from `kubectl scale --replicas=0` to the pod's end",
        f"{took}, with work in hand for {main_ended - (told or main_ended):.1f} s of them",
    )
    return produced


def follow(node, *words):
    return subprocess.Popen(
        ["kubectl", "-n", NAMESPACE, *words],
        env=node.environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def moments(log):
    """Time and text of each line of a log with the runtime's timestamps."""
    lines = []
    for line in log.splitlines():
        stamp, _, text = line.partition(" ")
        whole, _, fraction = stamp.rstrip("Z").partition(".")
        at = (
            datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc).timestamp()
        )
        lines.append((at + float(f"0.{fraction or 0}"), text))
    return lines


def documents(text):
    """The JSON texts that a watch prints one after another."""
    decoder, at = json.JSONDecoder(), 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        try:
            document, at = decoder.raw_decode(text, at)
        except ValueError:
            return
        yield document
