#!/usr/bin/env python3
"""Plants classic defects in the flow, one at a time, and requires that the simulation finds each.

`mutation_check.py [--jobs N] [--only WORDS]` copies the sources to a scratch folder, changes one
place of daemon/flow as mutations/defects.json says, builds the simulation and runs it. A defect
whose text is not there any more (exactly once) is an error, as is one that no seed finds.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
COPIED = ["CMakeLists.txt", "CMakePresets.json", "cmake", "daemon", "tests"]


def build(tree, jobs):
    """Builds the simulation; the compiler's words if it cannot."""
    environment = dict(os.environ, CCACHE_BASEDIR=str(tree), CCACHE_NOHASHDIR="1")
    built = subprocess.run(["cmake", "--build", "build/quick", "--target", "simulation",
                            "--parallel", str(jobs)],
                           cwd=tree, env=environment, capture_output=True, text=True)
    return None if built.returncode == 0 else built.stdout[-3000:] + built.stderr[-1000:]


def run(tree, seeds, jobs):
    """The invariant that the first failing seed breaks, and which seed; nothing if none fails."""
    ran = subprocess.run(["build/quick/tests/simulation/simulation", "--seeds", str(seeds),
                          "--jobs", str(jobs)],
                         cwd=tree, capture_output=True, text=True, timeout=300)
    found = re.findall(r'^seed (\d+) breaks "([^"]+)"', ran.stdout, re.M)
    if found:
        return found[-1][1], int(found[-1][0])
    return ("a crash", 0) if ran.returncode != 0 else None


def check(tree, defect, jobs):
    """Tries one defect; gives (invariant, seed), or what is wrong as text."""
    path = tree / "daemon/flow" / defect["file"]
    sound = path.read_text(encoding="utf-8")
    if sound.count(defect["from"]) != 1:
        return f"its text stands {sound.count(defect['from'])} times in {defect['file']}, not once"
    try:
        path.write_text(sound.replace(defect["from"], defect["to"]), encoding="utf-8")
        broken = build(tree, jobs)
        if broken:
            return "it does not compile:\n" + broken
        found = run(tree, defect["seeds"], jobs)
        return found or f"no seed of {defect['seeds']} finds it"
    finally:
        path.write_text(sound, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", default="", help="defects whose name holds these words")
    options = parser.parse_args()
    defects = json.loads((HERE / "mutations/defects.json").read_text(encoding="utf-8"))
    defects = [defect for defect in defects if options.only in defect["name"]]
    missed = 0
    with tempfile.TemporaryDirectory(prefix="headrace-mutations-") as folder:
        tree = Path(folder)
        for name in COPIED:
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, tree / name)
        subprocess.run(["cmake", "--preset", "quick", "--log-level=WARNING"], cwd=tree, check=True,
                       stdout=subprocess.DEVNULL)
        broken = build(tree, options.jobs)
        if broken:
            sys.exit("the simulation does not build:\n" + broken)
        print(f"{'defect':<56} {'found by':<34} seed", flush=True)
        for defect in defects:
            result = check(tree, defect, options.jobs)
            is_found = isinstance(result, tuple)
            missed += not is_found
            words = f"{result[0]:<34} {result[1]}" if is_found else f"MISSED: {result}"
            print(f"{defect['name']:<56} {words}", flush=True)
    print(f"mutation check: {len(defects) - missed} of {len(defects)} defects found")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
