"""The StatefulSet: it takes over, restarts pod by pod as static members, waits when blocked."""

import re
import time

from configuration_checks import check_configuration
from live import (
    NAMESPACE,
    TOOLS,
    await_more_records,
    await_records,
    install,
    producer,
    restarts,
    seconds_since,
    values,
)
from node import KEY, admin, await_that, is_ready, say
from sidecar_checks import TOPIC as SIDECARS_TOPIC

RELEASE = "alone"
NAME = f"{RELEASE}-headrace"
TOPIC = "alone-clicks"
PER_SECOND = 1500
# Members of a group beat every three seconds.
SECONDS_AWAY = 10
QUOTA = {"requests": {"cpu": "100m", "memory": "384Mi"}, "limits": {"cpu": "2", "memory": "384Mi"}}


def check_takeover(node, report, produced):
    """What the stopped pod left in Kafka is moved by whoever joins its group next."""
    install(node, NAME, values("statefulset", SIDECARS_TOPIC, replicas=1))
    await_records(node, produced, "what the sidecar left")
    ids = node.written(produced)
    report.check(
        "nothing is lost: every record that the main container wrote is in the store by its id",
        ids["missing"] == 0 and ids["distinct"] == produced,
        ids,
    )
    node.must("helm", "uninstall", NAME, "-n", NAMESPACE, "--wait")


def check_statefulset(node, report):
    node.forget()
    node.accept_key(KEY)
    node.make_topics(TOPIC)
    settings = values("statefulset", TOPIC, replicas=2, resources=QUOTA)
    install(node, NAME, settings)
    report.check(
        "both pods are ready by /readyz", all(is_ready(pod) for pod in pods(node)), pods(node)
    )
    log = node.logs(NAMESPACE, f"{NAME}-0", "headrace")
    report.check("a CPU limit of 2 gives 2 workers", "workers=2" in log, log.splitlines()[:3])
    node.apply(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "producer", "namespace": TOOLS},
            "spec": {
                "containers": [producer(TOPIC, PER_SECOND, 0)],
                "terminationGracePeriodSeconds": 30,
            },
        }
    )
    await_more_records(node, "the StatefulSet moves records")
    check_control(node, report)
    check_rollout(node, report)
    check_membership(node, report)
    check_configuration(node, report, NAME, settings, lambda: pods(node))
    check_eviction(node, report)
    await_more_records(node, "records after the restarts")
    check_count(node, report)


def pods(node):
    selector = f"app.kubernetes.io/instance={NAME}"
    found = node.get("pods", "-n", NAMESPACE, "-l", selector)["items"]
    return sorted(found, key=lambda pod: pod["metadata"]["name"])


def all_ready(node, but_not):
    """Whether both pods are ready and none of these uids is left."""
    found = pods(node)
    return (
        len(found) == 2
        and all(is_ready(pod) for pod in found)
        and not {pod["metadata"]["uid"] for pod in found} & set(but_not)
    )


def check_control(node, report):
    done = [
        node.run(
            "kubectl",
            "exec",
            "-n",
            NAMESPACE,
            f"{NAME}-0",
            "--",
            "headrace",
            "route",
            action,
            TOPIC,
        )
        for action in ("pause", "resume")
    ]
    report.check(
        "`kubectl exec` pauses and resumes a route, in an image without a shell",
        all(one.returncode == 0 for one in done),
        done,
    )


def check_rollout(node, report):
    old = [pod["metadata"]["uid"] for pod in pods(node)]
    began, written = time.monotonic(), node.written()["distinct"]
    node.kubectl("rollout", "restart", "-n", NAMESPACE, f"statefulset/{NAME}")
    node.kubectl("rollout", "status", "-n", NAMESPACE, f"statefulset/{NAME}", "--timeout=180s")
    await_that(lambda: all_ready(node, old), "both pods are new and ready")
    report.figure(
        "rolling restart of two pods",
        f"{seconds_since(began)}, {node.written()['distinct'] - written} records written meanwhile",
    )


def check_membership(node, report):
    """A pod that is away for longer than the others take to notice a member that leaves."""
    await_that(lambda: all(partitions(node, pod) == 2 for pod in pods(node)), "two partitions each")
    before = node.logs(NAMESPACE, f"{NAME}-0", "headrace")
    node.kubectl("scale", "-n", NAMESPACE, f"statefulset/{NAME}", "--replicas=1")
    await_that(lambda: len(pods(node)) == 1, "one pod is gone")
    time.sleep(SECONDS_AWAY)
    node.kubectl("scale", "-n", NAMESPACE, f"statefulset/{NAME}", "--replicas=2")
    await_that(lambda: all_ready(node, []), "both pods are ready")
    await_that(lambda: all(partitions(node, pod) == 2 for pod in pods(node)), "two partitions each")
    log = node.logs(NAMESPACE, f"{NAME}-0", "headrace").removeprefix(before)
    moved = [line for line in log.splitlines() if re.search("event=(assign|revok)", line)]
    report.check(
        f"static membership: a pod away for {SECONDS_AWAY} s finds its partitions where they were",
        not moved,
        moved,
    )


def partitions(node, pod):
    return len(admin(node, pod, "/status")[1]["routes"][0]["partitions"])


def check_eviction(node, report):
    """The way a node is emptied for maintenance."""
    old = pods(node)
    say("evicting")
    first, second = (evict(node, pod["metadata"]["name"]) for pod in old)
    report.check(
        "the PodDisruptionBudget lets a node's drain take one pod at a time",
        first.returncode == 0 and "disruption budget" in second.stderr,
        f"{first} {second}",
    )
    await_that(lambda: all_ready(node, [old[0]["metadata"]["uid"]]), "the evicted pod is back")


def evict(node, name):
    body = f'{{"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {{"name": "{name}"}}}}'
    return node.run(
        "kubectl",
        "create",
        "--raw",
        f"/api/v1/namespaces/{NAMESPACE}/pods/{name}/eviction",
        "-f",
        "-",
        text=body,
    )


def check_count(node, report):
    node.kubectl("delete", "pod", "-n", TOOLS, "producer", "--wait=true")
    # Kafka's own count: nobody heard the last line of a pod that is gone.
    produced = node.records_in(TOPIC)
    await_records(node, produced, "all of them")
    ids = node.written(produced)
    report.check(
        "restarts, scaling and eviction while records flow: none is lost and none is written twice",
        ids["missing"] == 0 and ids["duplicates"] == 0 and ids["distinct"] == produced,
        ids,
    )
    report.figure(
        "records through four planned restarts of a pod",
        f"{produced}, {ids['duplicates']} of them written again",
    )
    report.check(
        "no container was restarted behind Kubernetes' back",
        all(restarts(pod, "headrace") == 0 for pod in pods(node)),
        pods(node),
    )


def check_blocked(node, report):
    """Not ready, and not restarted either."""
    node.refuse_key(KEY)
    node.refuse_key("second-key")
    node.apply(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "producer", "namespace": TOOLS},
            "spec": {"containers": [producer(TOPIC, 100, 0)], "terminationGracePeriodSeconds": 30},
        }
    )
    await_that(lambda: not any(is_ready(pod) for pod in pods(node)), "no pod is ready")
    status, reasons = admin(node, pods(node)[0], "/readyz")
    alive, _ = admin(node, pods(node)[0], "/healthz")
    report.check(
        "with the key revoked the StatefulSet's pods are not ready, and alive",
        status == 503
        and alive == 200
        and re.search("blocked", str(reasons))
        and all(restarts(pod, "headrace") == 0 for pod in pods(node)),
        f"{status} {reasons} {alive}",
    )
    evictions = [evict(node, pod["metadata"]["name"]) for pod in pods(node)]
    report.check(
        "pods that are not ready never hold up a node's drain",
        all(done.returncode == 0 for done in evictions),
        evictions,
    )
