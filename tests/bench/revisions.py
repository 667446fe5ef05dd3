"""Builds another revision's daemon in the cache, outside the checkout."""
import os
import subprocess

from stage import ROOT


def build_revision(revision, cache, say, target="headrace", program="headrace"):
    """The path of that revision's daemon, or of another target's program, built as this checkout's
    is; once."""
    git = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT)]
    commit = subprocess.run([*git, "rev-parse", "--verify", f"{revision}^{{commit}}"], check=True,
                            capture_output=True, text=True).stdout.strip()
    tree = cache / "revisions" / commit[:12]
    binary = tree / "build/quick" / program
    if not binary.exists():
        say(f"building {revision} in {tree}")
        tree.mkdir(parents=True, exist_ok=True)
        archive = subprocess.run([*git, "archive", commit], check=True, capture_output=True)
        subprocess.run(["tar", "-x", "-C", tree], input=archive.stdout, check=True)
        # Objects that both trees have in common are compiled once.
        environment = dict(os.environ, CCACHE_BASEDIR=str(tree), CCACHE_NOHASHDIR="1")
        for command in (["cmake", "--preset", "quick", "--log-level=WARNING"],
                        ["cmake", "--build", "--preset", "quick", "--target", target,
                         "--parallel", str(os.cpu_count())]):
            subprocess.run(command, cwd=tree, env=environment, check=True,
                           stdout=subprocess.DEVNULL)
    return binary
