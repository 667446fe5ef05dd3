#!/usr/bin/env python3
"""Promtool's word on the alert rules, their cases, and what the daemon exposes.

`promtool_test.py BINARY` runs with the promtool of scripts/fetch-prometheus.
"""
import re
import subprocess
import sys
import tempfile
import unittest
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy/prometheus/headrace.rules.yml"
CASES = ROOT / "tests/monitoring/headrace.rules.test.yml"
BINARY = ""


def promtool(*arguments, stdin=None):
    """Its exit code and everything that it says."""
    folder = subprocess.run([ROOT / "scripts/fetch-prometheus"], check=True, text=True,
                            stdout=subprocess.PIPE).stdout.strip()
    done = subprocess.run([f"{folder}/promtool", *map(str, arguments)], input=stdin, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout


def scrape_of_the_demo():
    demo = subprocess.Popen([BINARY, "demo", "--admin", "127.0.0.1:0"], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        for line in demo.stdout:
            if match := re.search(r"Admin page: (http://\S+)", line):
                with urllib.request.urlopen(match[1] + "metrics", timeout=30) as answer:
                    return answer.read().decode()
        raise AssertionError("the demo ended before it said where its admin page is")
    finally:
        demo.stdout.close()
        demo.kill()
        demo.wait()


class Promtool(unittest.TestCase):
    def test_the_rules_are_valid(self):
        code, text = promtool("check", "rules", RULES)
        self.assertEqual(code, 0, text)

    def test_every_alert_fires_and_is_silent_as_its_cases_say(self):
        code, text = promtool("test", "rules", CASES)
        self.assertEqual(code, 0, text)

    def test_a_case_fails_when_its_alert_does_not_fire(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            rules = RULES.read_text("utf-8").replace("headrace_records_unaccounted != 0",
                                                     "headrace_records_unaccounted > 0")
            (folder / RULES.name).write_text(rules, "utf-8")
            # The first case alone: this is about the tool, not about the rules.
            cases = re.split(r"(?m)^  - name: ", CASES.read_text("utf-8"))
            text = "  - name: ".join(cases[:2]).replace(
                "../../deploy/prometheus/headrace.rules.yml", RULES.name)
            (folder / CASES.name).write_text(text, "utf-8")
            code, said = promtool("test", "rules", folder / CASES.name)
            self.assertNotEqual(code, 0)
            self.assertIn("HeadraceUnaccounted", said)

    def test_the_daemons_metrics_are_named_and_explained_as_they_should_be(self):
        code, text = promtool("check", "metrics", stdin=scrape_of_the_demo())
        self.assertEqual((code, text), (0, ""))


if __name__ == "__main__":
    BINARY = sys.argv.pop(1)
    unittest.main()
