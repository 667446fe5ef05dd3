"""What the guarantees cost: the daemon against itself with tracker and metrics idle.

There is no switch for that in the daemon, not even a hidden one. The sources are copied into the
cache, idle_guarantees.json is applied to them, and the result is built as the daemon is. A text of
it that is not there any more, exactly once, is an error.
"""
import json
import os
import shutil
import subprocess

from contenders import Daemon
from cases_cost import SCENARIOS, compare
from registry import case
from result import Result
from rounds import in_turn
from stage import HERE, ROOT

COPIED = ["CMakeLists.txt", "CMakePresets.json", "cmake", "daemon", "tests"]


def build_idle(cache, say):
    """The path of a daemon whose tracker and metrics do nothing."""
    tree = cache / "idle-guarantees"
    tree.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        # Times are kept, so that only what changed is compiled again.
        if (ROOT / name).is_dir():
            shutil.rmtree(tree / name, ignore_errors=True)
            shutil.copytree(ROOT / name, tree / name)
        else:
            shutil.copy2(ROOT / name, tree / name)
    for edit in json.loads((HERE / "idle_guarantees.json").read_text("utf-8")):
        path = tree / "daemon" / edit["file"]
        sound = path.read_text("utf-8")
        if sound.count(edit["from"]) != 1:
            raise RuntimeError(f"{edit['what']}: its text stands {sound.count(edit['from'])} "
                               f"times in {edit['file']}, not once")
        path.write_text(sound.replace(edit["from"], edit["to"]), "utf-8")
    say(f"building the daemon with its guarantees idle in {tree}")
    environment = dict(os.environ, CCACHE_BASEDIR=str(tree), CCACHE_NOHASHDIR="1")
    for command in (["cmake", "--preset", "quick", "--log-level=WARNING"],
                    ["cmake", "--build", "--preset", "quick", "--target", "headrace",
                     "--parallel", str(os.cpu_count())]):
        subprocess.run(command, cwd=tree, env=environment, check=True, stdout=subprocess.DEVNULL)
    return tree / "build/quick/headrace"


@case("guarantees", "what tracker and metrics cost, against the same build with them idle")
def guarantees_case(stage, options):
    binary = build_idle(options.cache, options.say)
    load = SCENARIOS["tecton"].make_load(stage)
    daemons, result = [], Result()
    for order in ("none", "key"):
        daemons += [Daemon(f"idle, order {order}", order=order, binary=binary),
                    Daemon(f"daemon, order {order}", order=order)]
    result.runs = in_turn(stage, daemons, load, options.rounds, options.say)
    for idle, daemon in zip(daemons[::2], daemons[1::2]):
        compare(result, daemon.name, idle.name, at_most=1.05)
    return result
