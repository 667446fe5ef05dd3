"""The programs that are compared: the floor, the daemon, and peers. Each knows its command line."""
import json
import shlex
import subprocess

from stage import BUILD, HERE, PROGRAMS

KIB, MIB = 1024, 1024 * 1024
PEERS = HERE / "peers"


def fetch_settings(prefetch_bytes):
    """What the daemon tells librdkafka for a prefetch of this size (daemon/kafka/fetch_plan)."""
    eighth = prefetch_bytes // 8
    response = max(16 * KIB, min(3 * eighth // 4, MIB))
    return {
        "isolation.level": "read_committed",
        "fetch.queue.backoff.ms": 10,
        "fetch.wait.max.ms": 100,
        "fetch.message.max.bytes": min(response, 256 * KIB),
        "message.max.bytes": min(response, 1000000),
        "fetch.max.bytes": response,
        "queued.max.messages.kbytes": max(16, 2 * eighth // KIB),
        "queued.min.messages": max(100, min(2 * eighth // 1024, 100000)),
    }


class Floor:
    """bench_floor, with the daemon's settings of librdkafka."""

    def __init__(self, connections=16, batch=10, sources="clicks", envelope="tecton",
                 bodies="prebuilt", prefetch_bytes=64 * MIB):
        self.name = "floor" if bodies == "prebuilt" else "floor, bodies copied"
        self.flags = {"connections": connections, "batch": batch, "sources": sources,
                      "envelope": envelope, "bodies": bodies}
        self.prefetch_bytes = prefetch_bytes
        self.sends_own_bodies = bodies == "copied"

    def command(self, stage, load):
        command = [str(PROGRAMS / "bench_floor"), *shared_flags(stage, load)]
        for name, value in self.flags.items():
            command += [f"--{name}", str(value)]
        for name, value in fetch_settings(self.prefetch_bytes).items():
            command += ["--property", f"{name}={value}"]
        return command


class Daemon:
    """The daemon, with a configuration of its own for every run.

    `limits` and the sections of the route (`batch={...}`) are laid over what stands here. A
    destination given as a function of the load is called for each run.
    """

    sends_own_bodies = True

    def __init__(self, name="daemon", order="none", binary=BUILD / "headrace", limits=None,
                 destination=None, **sections):
        self.name = name
        self.order = order
        self.binary = binary
        self.limits = {"memory": "256MiB", "workers": 1} | (limits or {})
        self.destination = destination or tecton
        self.sections = {"http": {"concurrency": 16}} | sections

    def command(self, stage, load):
        path = stage.folder / "headrace.yaml"
        path.write_text(json.dumps(self.configuration(stage, load), indent=1), "utf-8")
        return [str(self.binary), "run", "--config", str(path)]

    def configuration(self, stage, load):
        return {"kafka": {"bootstrap_servers": stage.broker.bootstrap},
                "admin": {"listen": "127.0.0.1:0"}, "log": {"level": "warn"},
                "limits": self.limits, "routes": self.routes(stage, load)}

    def routes(self, stage, load):
        return [{"name": "clicks",
                 "source": {"topics": [load["topic"]], "group": stage.fresh_name("daemon"),
                            "order": self.order},
                 "destination": self.destination(load), **self.sections}]


class IdleDaemon(Daemon):
    """The daemon with many routes, each to a topic of its own."""

    def __init__(self, topics):
        super().__init__(limits={"memory": "1GiB"})
        self.topics = topics

    def routes(self, stage, load):
        group = stage.fresh_name("idle")
        return [{"name": topic, "source": {"topics": [topic], "group": f"{group}-{topic}"},
                 "destination": self.destination(load)} for topic in self.topics]


class Peer:
    """A program of peers/NAME, whose script `build` says how it is run."""

    sends_own_bodies = True

    def __init__(self, name, cache, connections=16, batch=10):
        self.name = name
        built = subprocess.run([PEERS / name / "build", cache], check=True, text=True,
                               stdout=subprocess.PIPE)
        self.words = shlex.split(built.stdout.strip().splitlines()[-1])
        self.flags = ["--connections", str(connections), "--batch", str(batch)]

    def command(self, stage, load):
        return [*self.words, *shared_flags(stage, load), *self.flags]


def shared_flags(stage, load):
    return ["--bootstrap", stage.broker.bootstrap, "--topic", load["topic"],
            "--group", stage.fresh_name("group"), "--url", load["sink"].url()]


def tecton(load):
    return {"type": "tecton", "url": load["sink"].url(), "api_key": "k", "workspace_name": "w",
            "stream_source_name": "clicks"}


def tecton_by_header(load):
    return tecton(load) | {"stream_source_name": {"header": "source"}}


def milvus(load):
    return {"type": "milvus", "url": load["sink"].url(""), "collection": "docs"}


def peers(options, connections=16):
    """Every peer that can be built here."""
    built = []
    for build in sorted(PEERS.glob("*/build")):
        try:
            built.append(Peer(build.parent.name, options.cache, connections))
        except (OSError, subprocess.CalledProcessError) as error:
            options.say(f"without {build.parent.name}, which cannot be built: {error}")
    return built
