#!/usr/bin/env python3
"""Shows that the campaign counts, skips, fails and keeps what it should, on tests made up here."""
import contextlib
import io
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import campaign  # noqa: E402


class Campaign(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        (self.root / "docs").mkdir()

    def plant(self, name, script):
        run = self.root / "tests/deploy" / name / "run"
        run.parent.mkdir(parents=True, exist_ok=True)
        run.write_text("#!/bin/bash\n" + script, encoding="utf-8")
        run.chmod(0o755)

    def go(self, *names):
        """Exit code, what stdout says, and the results."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            code = campaign.main(self.root, list(names))
        results = self.root / campaign.RESULTS
        return code, out.getvalue().strip(), results.read_text("utf-8") if results.exists() else ""

    def test_checks_are_counted_and_kept_with_figures_and_versions(self):
        self.plant("a", "echo 'ok - it starts'\necho 'not ok - it stops: it hangs'\necho noise\n"
                        "echo 'figure - size: 12 MB'\necho 'version - toy: 3.1'\nexit 1\n")
        code, counts, results = self.go()
        self.assertEqual((code, counts), (0, "1 1"))
        for expected in ("- it starts", "- **failed**: it stops: it hangs", "| size | 12 MB |",
                         "Versions: toy: 3.1."):
            self.assertIn(expected, results)
        self.assertNotIn("noise", results)

    def test_a_skipped_test_is_neither_passed_nor_failed_and_says_why(self):
        self.plant("a", "echo 'no overlay file system here'\nexit 77\n")
        _, counts, results = self.go()
        self.assertEqual(counts, "0 0")
        self.assertIn("skipped: no overlay file system here", results)

    def test_a_test_that_ends_badly_without_a_failed_check_has_failed(self):
        self.plant("a", "echo 'ok - it starts'\nexit 3\n")
        _, counts, results = self.go()
        self.assertEqual(counts, "1 1")
        self.assertIn("ended with 3", results)

    def test_a_test_that_checks_nothing_has_failed(self):
        self.plant("a", "exit 0\n")
        self.assertEqual(self.go()[1], "0 1")

    def test_a_failed_check_counts_though_the_exit_code_is_0(self):
        self.plant("a", "echo 'not ok - it starts'\n")
        self.assertEqual(self.go()[1], "0 1")

    def test_one_test_alone_leaves_the_sections_of_the_others(self):
        self.plant("a", "echo 'ok - first a'\n")
        self.plant("b", "echo 'ok - first b'\n")
        self.go()
        self.plant("a", "echo 'ok - second a'\n")
        _, counts, results = self.go("a")
        self.assertEqual(counts, "1 0")
        self.assertIn("second a", results)
        self.assertNotIn("first a", results)
        self.assertIn("first b", results)
        self.assertEqual(results.count("## b"), 1)

    def test_an_unknown_name_is_a_wrong_command_line(self):
        self.plant("a", "echo 'ok - a'\n")
        self.assertEqual(self.go("nobody")[0], 64)

    def test_a_test_that_hangs_is_told_to_end_and_may_clean_up(self):
        mark = self.root / "cleaned"
        self.plant("a", f"trap 'touch {mark}; exit 1' TERM\necho 'ok - it starts'\n"
                        "sleep 600 & wait\n")
        before, campaign.SECONDS_MAX = campaign.SECONDS_MAX, 1
        self.addCleanup(setattr, campaign, "SECONDS_MAX", before)
        _, counts, results = self.go()
        self.assertEqual(counts, "1 1")
        self.assertIn("it ends within 1 s", results)
        self.assertTrue(mark.exists())


if __name__ == "__main__":
    unittest.main()
