"""A small Debian that boots its own systemd in namespaces, for the service to be installed in.

It has a network of its own without a way out; whoever boots a Machine enters that network, and
so do the programs started from then on. Nothing that happens in it reaches the root that it was
made from.
"""

import ctypes
import os
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

CLONE_NEWNET = 0x40000000
BOOT_SECONDS = 60


class Failed(Exception):
    """Something went on not being so; says what was seen last."""


class Report:
    """Prints what the campaign keeps: one line for each check and figure."""

    def __init__(self, where):
        self.where = where
        self.failed = 0

    def check(self, sentence, is_so, seen=""):
        if is_so:
            print(f"ok - {self.where}: {sentence}", flush=True)
        else:
            self.failed += 1
            text = " ".join(str(seen).split())
            print(f"not ok - {self.where}: {sentence}: {text[:600] or 'it is not so'}", flush=True)
        return bool(is_so)

    def figure(self, name, value):
        print(f"figure - {name}, {self.where}: {value}", flush=True)

    def version(self, program, version):
        print(f"version - {program} on {self.where}: {version}", flush=True)


def await_that(question, what, seconds=60):
    """The first true answer of `question`, which may raise while it is too early."""
    deadline, last = time.monotonic() + seconds, None
    while True:
        try:
            last = question()
            if last:
                return last
        except (Failed, OSError, KeyError, IndexError, ValueError) as error:
            last = error
        if time.monotonic() > deadline:
            raise Failed(f"{what}: not within {seconds} s, last {last!r}")
        time.sleep(0.1)


def get(url, body=None):
    request = urllib.request.Request(url, body)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read().decode()


class Machine:

    def __init__(self, base, work, packages, archives):
        """A copy of the root `base`, not yet up: `packages` at /packages, apt's in `archives`."""
        self.work = Path(work)
        self.root = self.work / "root"
        for name in ("root", "upper", "overlay"):
            (self.work / name).mkdir()
        subprocess.run(
            [
                "mount",
                "-t",
                "overlay",
                "overlay",
                "-o",
                f"lowerdir={base},upperdir={self.work}/upper,workdir={self.work}/overlay",
                self.root,
            ],
            check=True,
        )
        self.binds = [
            f"--bind-ro={packages}:/packages",
            f"--bind={archives}:/var/cache/apt/archives",
        ]
        self.spawned = None

    def fetch(self, package):
        """Lets apt fetch what a package needs, from the root's own sources alone."""
        proxies = [
            f"--setenv={name}={os.environ[name]}"
            for name in ("http_proxy", "https_proxy", "no_proxy")
            if name in os.environ
        ]
        script = (
            "apt-get -qq update; "
            "apt-get install -qq -y --no-install-recommends --download-only "
            f"/packages/{package}"
        )
        ended = subprocess.run(
            [
                "systemd-nspawn",
                "--quiet",
                "--register=no",
                "--keep-unit",
                "--pipe",
                f"--directory={self.root}",
                *self.binds,
                *proxies,
                "sh",
                "-c",
                script,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if ended.returncode != 0:
            raise Failed(f"apt cannot fetch what {package} needs: {ended.stdout}")

    def boot(self):
        """Starts its systemd, without a network but its own; the seconds that it took."""
        began = time.monotonic()
        self.spawned = self._spawn()
        self.leader = await_that(self._find_leader, "systemd boots", BOOT_SECONDS)
        self._enter_network()
        self.run("systemctl", "is-system-running", "--wait")
        return time.monotonic() - began

    def _spawn(self):
        command = [
            "systemd-nspawn",
            "--quiet",
            "--register=no",
            "--keep-unit",
            "--private-network",
            f"--machine={self.work.name.replace('_', '-')}",
            f"--directory={self.root}",
            *self.binds,
            "--console=pipe",
            "--boot",
            "systemd.log_color=0",
        ]
        with open(self.work / "console.log", "wb") as console:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=console, stderr=console
            )

    def _find_leader(self):
        if self.spawned.poll() is not None:
            raise SystemExit(
                "systemd-nspawn ended: " + (self.work / "console.log").read_text(errors="replace")
            )
        children = (
            Path(f"/proc/{self.spawned.pid}/task/{self.spawned.pid}/children").read_text().split()
        )
        return (
            children
            and Path(f"/proc/{children[0]}/root/run/systemd/private").is_socket()
            and int(children[0])
        )

    def _enter_network(self):
        descriptor = os.open(f"/proc/{self.leader}/ns/net", os.O_RDONLY)
        if ctypes.CDLL(None, use_errno=True).setns(descriptor, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        os.close(descriptor)

    def command(self, *words):
        return [
            "nsenter",
            "--target",
            str(self.leader),
            "--mount",
            "--uts",
            "--ipc",
            "--net",
            "--pid",
            "--cgroup",
            "--",
            *map(str, words),
        ]

    def run(self, *words, seconds=120):
        """Runs a command in the machine; its exit code and all that it printed."""
        ended = subprocess.run(
            self.command(*words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
        return ended.returncode, ended.stdout

    def must(self, *words, seconds=120):
        code, output = self.run(*words, seconds=seconds)
        if code != 0:
            raise Failed(f"{' '.join(map(str, words))} ended with {code}: {output}")
        return output

    def show(self, unit, name):
        return self.must("systemctl", "show", unit, "-p", name, "--value").strip()

    def journal(self, *words):
        return self.must("journalctl", "--no-pager", "-q", "-o", "json", *words)

    def write(self, path, text, mode=0o644, group=None):
        """Puts a file there by rename, as whatever rotates secrets does."""
        target = self.root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(target.name + ".fresh")
        with open(
            os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(text)
        if group:
            self.must("chgrp", group, "/" + str(fresh.relative_to(self.root)))
        os.chmod(fresh, mode)
        os.rename(fresh, target)

    def outer_pids(self, unit):
        """The numbers out here of the unit's threads, by thread name."""
        inner = self.show(unit, "MainPID")
        for process in Path("/proc").iterdir():
            if not process.name.isdigit():
                continue
            try:
                status = (process / "status").read_text()
            except OSError:
                continue
            numbers = [
                line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:")
            ][0]
            if numbers[-1] == inner and os.readlink(process / "ns/pid") == os.readlink(
                f"/proc/{self.leader}/ns/pid"
            ):
                return {
                    (task / "comm").read_text().strip(): int(task.name)
                    for task in (process / "task").iterdir()
                }
        raise Failed(f"the process of {unit}, {inner} inside, is not found out here")

    def close(self):
        if self.spawned and self.spawned.poll() is None:
            try:
                os.kill(getattr(self, "leader", self.spawned.pid), signal.SIGRTMIN + 4)
                self.spawned.wait(15)
            except (subprocess.TimeoutExpired, ProcessLookupError):
                self.spawned.kill()
                self.spawned.wait()
        subprocess.run(["umount", self.root], check=False)
