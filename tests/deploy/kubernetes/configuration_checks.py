"""Another configuration under running pods: helm writes the ConfigMap, and nobody restarts."""

import copy
import json
import time

from live import NAMESPACE, await_more_records, install, restarts, seconds_since
from node import admin, await_that, is_ready, say

BATCH_SIZE = 5


def check_configuration(node, report, release, settings, pods):
    """The release was installed with `settings` and moves records; `pods()` gives its pods."""
    before = pods()
    settings = copy.deepcopy(settings)
    settings["config"]["routes"][0]["batch"] = {"batch_size": BATCH_SIZE}
    say("changing the configuration; the kubelet takes up to a minute and a half")
    began = time.monotonic()
    install(node, release, settings)
    await_that(
        lambda: all(last_reload(node, pod).get("result") == "success" for pod in pods()),
        "every pod has taken the configuration",
        180,
    )
    took = seconds_since(began)
    await_more_records(node, "records with the new configuration")
    report.check(
        "a ConfigMap that changes is taken up without a restart, by the same containers",
        containers(pods()) == containers(before),
        [pod["status"] for pod in pods()],
    )
    report.figure("from `helm upgrade` until every pod had taken the configuration", took)
    check_wrong(node, report, release, pods)


def check_wrong(node, report, release, pods):
    """Written past the chart, whose schema would have refused it."""
    before, name = pods(), release
    text = node.get("configmap", name, "-n", NAMESPACE)["data"]["headrace.yaml"]
    wrong = text.replace("batch_size:", "batchsize:")
    patch(node, name, wrong)
    await_that(
        lambda: all(last_reload(node, pod).get("result") == "failure" for pod in pods()),
        "every pod has refused the configuration",
        180,
    )
    await_more_records(node, "records with the configuration of before")
    faults = [last_reload(node, pod)["error"] for pod in pods()]
    report.check(
        "a wrong one is refused and said so in /status; the pods stay ready and move records",
        containers(pods()) == containers(before)
        and all(is_ready(pod) for pod in pods())
        and all("batchsize" in fault for fault in faults),
        faults,
    )
    patch(node, name, text)


def last_reload(node, pod):
    return admin(node, pod, "/status")[1]["config"]["last_reload"] or {}


def containers(pods):
    """Which containers run, and how often they were restarted."""
    return [
        (pod["status"]["containerStatuses"][0]["containerID"], restarts(pod, "headrace"))
        for pod in pods
    ]


def patch(node, name, text):
    body = json.dumps({"data": {"headrace.yaml": text}})
    node.kubectl("patch", "configmap", name, "-n", NAMESPACE, "--type=merge", "-p", body)
