"""What the installed service is seen to do, from its start to its stop.

Each check_… leaves the service running and flowing, as it found it.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

from machine import Failed, await_that, get
from stage import CONFIG, KEY_FILE, MILVUS_TOKEN, TECTON_KEY, TOKEN_FILE, config

UNIT = "headrace"
DROP_IN = "/etc/systemd/system/headrace.service.d/test.conf"
EXPOSURE_MAX = 1.2
READY_SECONDS_MAX = 20


def status_text(machine):
    return machine.show(UNIT, "StatusText")


def await_status(machine, wanted, seconds=30):
    return await_that(
        lambda: wanted in status_text(machine),
        f"the status is {wanted!r}, not " f"{status_text(machine)!r}",
        seconds,
    )


def await_active(machine, seconds=60):
    await_that(lambda: machine.show(UNIT, "ActiveState") == "active", "the unit is active", seconds)


def entries(machine, *words):
    return [json.loads(line) for line in machine.journal("-u", UNIT, *words).splitlines()]


def drop_in(machine, text):
    if text:
        machine.write(DROP_IN, "[Service]\n" + text)
    else:
        machine.must("rm", "-rf", str(Path(DROP_IN).parent))
    machine.must("systemctl", "daemon-reload")


def prepare(machine):
    machine.write(KEY_FILE, TECTON_KEY + "\n", 0o600)
    machine.write(TOKEN_FILE, MILVUS_TOKEN + "\n", 0o640, "headrace")
    machine.write(CONFIG, config(), 0o640, "headrace")


def check_start_without_kafka(machine, stage, report):
    began = time.monotonic()
    code, output = machine.run("systemctl", "enable", "--now", UNIT)
    seconds = time.monotonic() - began
    report.check(
        "the unit comes up although no broker can be reached, within 20 s",
        code == 0 and machine.show(UNIT, "ActiveState") == "active" and seconds < READY_SECONDS_MAX,
        f"{code} after {seconds:.1f} s: {output}",
    )
    report.figure("seconds until READY=1 without a broker", f"{seconds:.1f}")
    text = status_text(machine)
    report.check(
        "the status line says that the routes are joining, and why not yet",
        text.startswith("2 routes: 2 joining (") and "no Kafka broker can be used" in text,
        text,
    )


def check_flow(machine, stage, report):
    stage.start_kafka()
    stage.make_topics()
    await_status(machine, "2 routes: 2 flowing")
    report.check("the status line follows when the brokers come", True)
    stage.produce(clicks=2000, documents=2000)
    stage.await_all_written()
    report.check(
        "records go through with a key from LoadCredential= and a token from a file of the group's",
        stage.written() == (0, 0),
        stage.written(),
    )
    machine.must("systemctl", "restart", UNIT)
    began = time.monotonic()
    machine.must("systemctl", "restart", UNIT)
    report.figure(
        "seconds of a restart, drain to READY=1, with a broker", f"{time.monotonic() - began:.1f}"
    )
    text = status_text(machine)
    report.check(
        "with a broker READY=1 means that every route has its partitions", "2 flowing" in text, text
    )


def check_rotation(machine, stage, report):
    process = machine.show(UNIT, "MainPID")
    stage.milvus_token("root:second-token")
    stage.produce(documents=10)
    await_status(machine, "1 flowing, 1 blocked (documents: ")
    report.check("the status line names the route that its destination refuses, and why", True)
    machine.write(TOKEN_FILE, "root:second-token\n", 0o640, "headrace")
    began = time.monotonic()
    await_status(machine, "2 routes: 2 flowing")
    stage.await_all_written()
    report.check(
        "a secret file that rotates is taken up without a restart",
        machine.show(UNIT, "MainPID") == process,
    )
    report.figure("seconds from a rotated secret to flowing", f"{time.monotonic() - began:.1f}")


def check_journal(machine, report):
    states = entries(
        machine, "HEADRACE_EVENT=route_state", "HEADRACE_ROUTE=documents", "HEADRACE_STATE=blocked"
    )
    report.check(
        "the journal finds a route's change of state by its fields, with the priority of an error",
        states
        and states[-1].get("PRIORITY") == "3"
        and states[-1].get("HEADRACE_BEFORE") == "flowing"
        and states[-1].get("SYSLOG_IDENTIFIER") == "headrace",
        states,
    )
    text = states and states[-1]["MESSAGE"]
    report.check(
        "an entry's message is its line without time and level",
        text and text.startswith('event=route_state msg="the route is blocked: '),
        text,
    )
    notes = entries(machine, "HEADRACE_EVENT=started")
    report.check(
        "what only happened has the priority of a note",
        notes and all(note["PRIORITY"] == "6" for note in notes),
        notes,
    )
    secrets = [
        secret
        for secret in (TECTON_KEY, "first-token", "second-token")
        if secret in machine.journal("-u", UNIT)
    ]
    report.check("no secret is in the journal", not secrets, secrets)


def check_sandbox(machine, report):
    process = machine.show(UNIT, "MainPID")
    status = dict(
        line.split(":\t", 1) for line in machine.must("cat", f"/proc/{process}/status").splitlines()
    )
    caps = {
        name: status[name].strip() for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
    }
    report.check(
        "the process has no capability, and can get none",
        all(int(value, 16) == 0 for value in caps.values()) and status["NoNewPrivs"].strip() == "1",
        caps,
    )
    report.check(
        "it runs as a user of its own, with a system call filter",
        status["Uid"].split()[0] != "0" and status["Seccomp"].strip() == "2",
        status["Uid"],
    )
    groups = machine.must("getent", "group", "headrace").split(":")[2]
    report.check(
        "it is in the group that may read secrets",
        groups in status["Groups"].split(),
        status["Groups"],
    )
    inside = ["nsenter", "--target", process, "--mount", "--"]
    report.check(
        "it cannot write to the system",
        machine.run(*inside, "touch", "/usr/x", "/etc/headrace/x")[0] != 0,
    )
    code, output = machine.run(
        "systemd-analyze", "verify", f"/usr/lib/systemd/system/{UNIT}.service"
    )
    wrong = [line for line in output.splitlines() if "headrace" in line and "man " not in line]
    report.check(
        "systemd-analyze verify finds nothing wrong with the unit", not wrong, f"{code}: {wrong}"
    )
    exposure = machine.must("systemd-analyze", "security", "--no-pager", UNIT).splitlines()[-1]
    score = float(exposure.split(": ")[1].split()[0])
    report.figure("exposure by systemd-analyze security", score)
    report.check(f"the exposure is {EXPOSURE_MAX} or less", score <= EXPOSURE_MAX, exposure)


def check_threads(machine, report):
    names = set(machine.outer_pids(UNIT))
    wanted = {"headrace", "hr:clicks", "hr:documents", "hr-worker-0"}
    report.check("every thread of ours has its name", wanted <= names, names)


def check_watchdog(machine, stage, report, name):
    """Stops one thread; systemd must notice, kill and start again."""
    restarts = int(machine.show(UNIT, "NRestarts"))
    process = machine.show(UNIT, "MainPID")
    freezer = subprocess.Popen(
        [
            sys.executable,
            Path(__file__).with_name("freeze.py"),
            str(machine.outer_pids(UNIT)[name]),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    began = time.monotonic()
    try:
        if freezer.stdout.readline() != "frozen\n":
            raise Failed(f"the thread {name} cannot be frozen")
        stage.produce(clicks=300, documents=300)
        await_that(
            lambda: int(machine.show(UNIT, "NRestarts")) == restarts + 1,
            "systemd restarts the unit",
            60,
        )
    finally:
        freezer.kill()
        freezer.wait()
    seconds = time.monotonic() - began
    await_active(machine)
    report.check(
        f"a loop that stands still ({name}) is noticed and the daemon restarted",
        machine.show(UNIT, "MainPID") != process,
    )
    report.figure(
        f"seconds from a frozen {name} to its restart, with WatchdogSec=4", f"{seconds:.1f}"
    )
    report.figure(
        f"seconds from a frozen {name} to READY=1 of the next process",
        f"{time.monotonic() - began:.1f}",
    )
    stage.await_all_written()
    missing, duplicates = stage.written()
    report.check(f"after the restart for {name} nothing is lost", missing == 0, missing)
    report.figure(f"records written twice after the restart for {name}", duplicates)


def check_watchdogs(machine, stage, report):
    drop_in(machine, "WatchdogSec=4\nRestartSec=1\n")
    machine.must("systemctl", "restart", UNIT)
    time_left = machine.show(UNIT, "WatchdogUSec")
    report.check("the watchdog is on", time_left == "4s", time_left)
    check_watchdog(machine, stage, report, "hr-worker-0")
    check_watchdog(machine, stage, report, "hr:clicks")
    drop_in(machine, "")
    machine.must("systemctl", "restart", UNIT)


def check_reload(machine, stage, report):
    process = machine.show(UNIT, "MainPID")
    machine.write(CONFIG, config(batch="batch_size: 5"), 0o640, "headrace")
    code, output = machine.run("systemctl", "reload", UNIT)
    report.check(
        "systemctl reload takes up a changed configuration in the same process",
        code == 0 and machine.show(UNIT, "MainPID") == process,
        f"{code}: {output}",
    )
    stage.produce(clicks=500)
    stage.await_all_written()
    largest = [
        line
        for line in get("http://127.0.0.1:9464/metrics").splitlines()
        if line.startswith("headrace_batch_records") and 'route="clicks"' in line
    ]
    report.check("after the reload records go through", stage.written()[0] == 0, largest)
    machine.write(CONFIG, config(batch="batch_sise: 5"), 0o640, "headrace")
    code, output = machine.run("systemctl", "reload", UNIT)
    told = machine.journal("-u", UNIT, "-n", "20")
    report.check(
        "a reload of a wrong configuration fails and says where; the old one stays in force",
        code != 0
        and "batch_sise" in told
        and machine.show(UNIT, "ActiveState") == "active"
        and machine.show(UNIT, "MainPID") == process,
        f"{code}: {output}",
    )
    await_status(machine, "2 routes: 2 flowing")
    machine.write(CONFIG, config(), 0o640, "headrace")
    machine.must("systemctl", "reload", UNIT)


def check_stop(machine, stage, report):
    # Slow enough that requests are under way, and longer than what the unit allows by itself.
    stage.break_tecton({"kind": "latency", "p50_ms": 4000, "p99_ms": 4000})
    drop_in(machine, "TimeoutStopSec=2\n")
    before, requests = stage.clicks_written(), stage.stats("tecton")["ingest_requests"]
    stage.produce(clicks=20000)
    await_that(
        lambda: stage.stats("tecton")["ingest_requests"] > requests, "requests are under way"
    )
    began = time.monotonic()
    machine.must("systemctl", "stop", UNIT)
    seconds = time.monotonic() - began
    result = [machine.show(UNIT, name) for name in ("Result", "ExecMainCode", "ExecMainStatus")]
    report.check(
        "systemctl stop drains, exit 0 with requests under way, beyond a short TimeoutStopSec=",
        result == ["success", "1", "0"] and seconds > 2,
        f"{result} after {seconds:.1f} s",
    )
    report.figure("seconds of a drain with answers that take 4 s", f"{seconds:.1f}")
    report.check(
        "the drain left records for the next process",
        before < stage.clicks_written() < stage.clicks,
    )
    stage.mend_tecton()
    drop_in(machine, "")
    machine.must("systemctl", "start", UNIT)
    duplicates = stage.written()[1]
    stage.await_all_written()
    report.check(
        "after stop and start nothing is lost and nothing written twice",
        stage.written() == (0, duplicates),
        stage.written(),
    )


def check_restart_policy(machine, report):
    drop_in(machine, "RestartSec=1\n")
    machine.write(CONFIG, config(admin="admin: {listen: 127.0.0.1:8081}"), 0o640, "headrace")
    machine.run("systemctl", "--no-block", "restart", UNIT)
    await_that(
        lambda: int(machine.show(UNIT, "NRestarts")) >= 2, "a failed start is tried again", 30
    )
    report.check("a start that fails (its port is taken) is tried again", True)
    machine.write(CONFIG, config(admin="admin: {lisen: 127.0.0.1:9464}"), 0o640, "headrace")
    await_that(
        lambda: machine.show(UNIT, "ActiveState") == "failed", "a wrong configuration ends it", 30
    )
    restarts = machine.show(UNIT, "NRestarts")
    time.sleep(3)
    told = [entry["MESSAGE"] for entry in entries(machine, "-n", "20")]
    report.check(
        "a wrong configuration is not tried again, and the journal says where it is wrong",
        machine.show(UNIT, "ActiveState") == "failed"
        and machine.show(UNIT, "NRestarts") == restarts
        and any("did you mean" in str(line) or "lisen" in str(line) for line in told),
        told[-5:],
    )
    machine.write(CONFIG, config(), 0o640, "headrace")
    drop_in(machine, "")
    machine.must("systemctl", "start", UNIT)
