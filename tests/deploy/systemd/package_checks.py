"""What the Debian package is seen to do to a system: install, upgrade under load, remove, purge."""

import time

from machine import await_that
from service_checks import UNIT, await_active, entries
from stage import CONFIG, KEY_FILE, TOKEN_FILE


def files_of(machine):
    return set(machine.must("sh", "-c", "cd / && find . -xdev").splitlines())


def apt(machine, *words):
    return machine.run("apt-get", *words, "-y", "-qq", seconds=300)


def check_install(machine, package, report):
    began = time.monotonic()
    code, output = apt(machine, "install", "--no-install-recommends", f"/packages/{package}")
    report.check("the package installs with Debian's own sources alone", code == 0, output[-600:])
    report.figure("seconds of the installation", f"{time.monotonic() - began:.1f}")
    report.check(
        "nothing runs before its operator has configured it",
        machine.run("systemctl", "is-active", UNIT)[1].strip() == "inactive",
    )
    report.check(
        "the group for secrets is there", machine.run("getent", "group", "headrace")[0] == 0
    )
    code, output = machine.run("headrace", "validate", "--config", CONFIG)
    report.check("the configuration that comes with it is valid", code == 0, output)


def check_upgrade(machine, stage, package, report):
    stage.produce(clicks=20000)
    await_that(lambda: stage.clicks_written() > 0, "records flow")
    process = machine.show(UNIT, "MainPID")
    before = machine.must("cat", CONFIG)
    duplicates = stage.written()[1]
    code, output = apt(machine, "install", f"/packages/{package}")
    report.check("an upgrade under load goes through", code == 0, output[-600:])
    report.check("it keeps the configuration", machine.must("cat", CONFIG) == before)
    await_active(machine)
    stops = [entry for entry in entries(machine, "HEADRACE_EVENT=stopped", f"_PID={process}")]
    report.check(
        "it drains the old process and starts the new",
        stops
        and stops[-1]["HEADRACE_EVENT"] == "stopped"
        and stops[-1]["PRIORITY"] == "6"
        and machine.show(UNIT, "MainPID") not in (process, "0"),
        stops,
    )
    stage.await_all_written()
    report.check(
        "the upgrade loses nothing and writes nothing twice",
        stage.written() == (0, duplicates),
        stage.written(),
    )


def check_purge(machine, before, report):
    code, output = apt(machine, "remove", UNIT)
    report.check(
        "removing the package stops the service and keeps its configuration",
        code == 0
        and machine.run("systemctl", "is-active", UNIT)[1].strip() != "active"
        and machine.run("test", "-f", CONFIG)[0] == 0,
        output[-600:],
    )
    # The operator's own.
    machine.must("rm", "-f", TOKEN_FILE, KEY_FILE)
    code, output = apt(machine, "purge", UNIT)
    report.check("purging it goes through", code == 0, output[-600:])
    left = sorted(name for name in files_of(machine) - before if "headrace" in name)
    report.check("purging leaves no file", not left, left[:20])
    report.check(
        "purging leaves no group, no user and no unit",
        machine.run("getent", "group", "headrace")[0] != 0
        and machine.run("getent", "passwd", "headraced")[0] != 0
        and machine.show(UNIT, "LoadState") == "not-found",
        machine.run("getent", "group", "headrace"),
    )
