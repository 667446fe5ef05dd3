"""The chart without a pod: the schema refuses, the API server takes every shape.

The API server judges strictly, so that an unknown field is an error, and by the restricted pod
security standard.
"""

import json
import pathlib
import shutil

ROOT = pathlib.Path(__file__).resolve().parents[3]
CHART = ROOT / "deploy/kubernetes/headrace"
PLAIN = ROOT / "deploy/kubernetes/plain"
SHAPES = ("statefulset", "sidecar", "library", "everything")
RESTRICTED = "judged"

TYPOS = {
    "replica": "replica=3",
    "prot": "admin.prot=9464",
    "enable": "keda.enable=true",
    "podDistruptionBudget": "podDistruptionBudget.enabled=true",
    "tga": "image.tga=1.0",
    "drain_sec": "config.limits.drain_sec=20",
    "batchsize": "config.routes[0].batch.batchsize=10",
    "mode": "mode=daemonset",
}
REFUSED = {
    "say what Headrace moves": ["--set", "mode=statefulset"],
    "64 MiB beside": ["-f", "statefulset", "--set", "config.limits.memory=512MiB"],
    "admin.listen is the chart's": [
        "-f",
        "statefulset",
        "--set",
        "config.admin.listen=127.0.0.1:1",
    ],
    "needs your main container": ["-f", "sidecar", "--set", "application.container=null"],
    "only the shape statefulset has a Service": [
        "-f",
        "sidecar",
        "--set",
        "serviceMonitor.enabled=true",
    ],
}


def values(shape):
    return CHART / f"ci/{shape}-values.yaml"


def render(node, *words, chart=CHART):
    return node.must("helm", "template", "shape", chart, "--namespace", RESTRICTED, *words)


def check_chart(node, report):
    lint(node, report)
    check_refusals(node, report)
    prepare_judge(node)
    check_shapes(node, report)
    check_plain(node, report)


def lint(node, report):
    for shape in (None, *SHAPES):
        done = node.run(
            "helm", "lint", "--strict", CHART, *(["-f", values(shape)] if shape else [])
        )
        report.check(
            f"helm lint --strict passes with {shape + ' values' if shape else 'no values'}",
            done.returncode == 0,
            done.stdout,
        )


def check_refusals(node, report):
    missed = []
    for word, setting in TYPOS.items():
        done = node.run("helm", "template", CHART, "-f", values("statefulset"), "--set", setting)
        if done.returncode == 0 or word not in done.stderr:
            missed.append(f"{setting}: {done.stderr}")
    report.check(
        f"the schema refuses {len(TYPOS)} misspelt or impossible values, also Headrace's own",
        not missed,
        missed,
    )
    missed = []
    for text, words in REFUSED.items():
        words = [
            values(word) if word in SHAPES and words[at - 1] == "-f" else word
            for at, word in enumerate(words)
        ]
        done = node.run("helm", "template", CHART, *words)
        if done.returncode == 0 or text not in done.stderr:
            missed.append(f"{text}: {done.stderr}")
    report.check(
        f"{len(REFUSED)} settings that cannot work are refused with what to do", not missed, missed
    )


def prepare_judge(node):
    """A namespace that takes and expects restricted pods alone, and the optional kinds."""
    levels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
    node.apply(
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": RESTRICTED, "labels": levels},
        }
    )
    kinds = pathlib.Path(node.programs, "crds")
    # Too large for apply's annotation.
    node.kubectl("apply", "--server-side", "-f", kinds)
    node.kubectl("wait", "--for=condition=Established", "--timeout=60s", "-f", kinds)


def judge(node, manifests):
    """The API server's own reading of the manifests, and its complaints."""
    done = node.run(
        "kubectl",
        "apply",
        "--dry-run=server",
        "--validate=strict",
        "-n",
        RESTRICTED,
        "-o",
        "json",
        "-f",
        "-",
        text=manifests,
    )
    if done.returncode != 0:
        return [], done.stderr
    answer = json.loads(done.stdout)
    return answer.get("items", [answer]), done.stderr


def check_shapes(node, report):
    for shape in SHAPES:
        objects, complaint = judge(node, render(node, "-f", values(shape)))
        kinds = ", ".join(sorted({item["kind"] for item in objects}))
        report.check(
            f"the API server takes the shape {shape} strictly, without a warning ({kinds})",
            objects and not complaint,
            complaint,
        )
        check_pods(report, shape, objects)
    # A copy: helm puts the chart that it depends on into it.
    copy = pathlib.Path(node.folder, "charts")
    shutil.copytree(ROOT / "deploy/kubernetes", copy, dirs_exist_ok=True)
    node.must("helm", "dependency", "update", copy / "application")
    objects, complaint = judge(node, render(node, chart=copy / "application"))
    report.check(
        "the API server takes an application's own chart with the sidecar from the library",
        objects and not complaint,
        complaint,
    )
    check_pods(report, "application", objects)
    broken = render(node, "-f", values("statefulset")).replace("serviceName:", "serviceNames:")
    report.check(
        "the same judge refuses a field that does not exist",
        "serviceNames" in judge(node, broken)[1],
    )
    loose = render(node, "-f", values("statefulset")).replace(
        "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true"
    )
    report.check(
        "and warns of a pod that is not restricted",
        "allowPrivilegeEscalation" in judge(node, loose)[1],
    )


GRACE = {"statefulset": 30, "everything": 45, "sidecar": 50, "application": 50}


def check_pods(report, shape, objects):
    """What the API server understood of the pods, not what the text looks like."""
    for item in objects:
        pod = item.get("spec", {}).get("template", {}).get("spec")
        if pod is None:
            continue
        sidecars = pod.get("initContainers", [])
        ours = next(one for one in sidecars + pod["containers"] if one["name"] == "headrace")
        faults = []
        if pod["terminationGracePeriodSeconds"] != GRACE[shape]:
            faults.append(
                f"a grace period of {pod['terminationGracePeriodSeconds']} s"
            )
        if (
            pod.get("enableServiceLinks") is not False
            or pod.get("automountServiceAccountToken") is not False
        ):
            faults.append("service links or a token")
        if "lifecycle" in ours:
            faults.append("a hook")
        if any("subPath" in mount for mount in ours["volumeMounts"]):
            faults.append("a subPath, which never changes")
        if "livenessProbe" not in ours or "startupProbe" not in ours:
            faults.append("no liveness or startup probe")
        if sidecars and (ours.get("restartPolicy") != "Always" or "readinessProbe" in ours):
            faults.append("no native sidecar, or one with a readiness probe")
        if not sidecars and ours["readinessProbe"]["httpGet"]["path"] != "/readyz":
            faults.append("readiness is not /readyz")
        report.check(
            f"{shape}: grace period {GRACE[shape]} s, probes, no hook, subPath, token, links",
            not faults,
            faults,
        )


def check_plain(node, report):
    for name in ("statefulset", "sidecar"):
        path = PLAIN / f"{name}.yaml"
        report.check(
            f"plain/{name}.yaml is what the chart renders",
            path.read_text() == plain(node, name),
            "run tests/deploy/kubernetes/run --write-plain",
        )
        objects, complaint = judge(node, path.read_text())
        report.check(
            f"the API server takes plain/{name}.yaml", objects and not complaint, complaint
        )


def plain(node, name):
    """The shape as manifests for people without helm: what only helm needs is left out."""
    head = (
        f"# Headrace without helm, the shape {name}. Change image, kafka and routes, then\n"
        f"#   kubectl create secret generic tecton --from-literal=api-key=…\n"
        f"#   kubectl apply -f {name}.yaml\n"
        f"# Rendered from deploy/kubernetes/headrace, held equal by a test: docs/kubernetes.md.\n"
    )
    # Named as the chart names a release that is called like it.
    text = node.must("helm", "template", "headrace", CHART, "-f", values(name))
    lines = [
        line
        for line in text.splitlines()
        if not line.lstrip().startswith(
            ("# Source:", "helm.sh/chart:", "app.kubernetes.io/managed-by:")
        )
    ]
    return head + "\n".join(lines) + "\n"


def write_plain(node):
    PLAIN.mkdir(exist_ok=True)
    for name in ("statefulset", "sidecar"):
        (PLAIN / f"{name}.yaml").write_text(plain(node, name))
