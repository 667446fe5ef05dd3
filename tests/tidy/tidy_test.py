#!/usr/bin/env python3
"""Shows that each rule of tidy.py finds what it is for, and leaves alone what is right."""
import tempfile
import unittest
from pathlib import Path

from cpp_text import CppText
from tidy import breaches

OPENING = "// What this is.\n// Thread safety: plain values.\n#pragma once\n"


class TidyTest(unittest.TestCase):
    def found(self, files):
        """The breaches in a tree of these files, as (rule, path, line)."""
        with tempfile.TemporaryDirectory() as root:
            for path, text in {"daemon/base/size.hpp": OPENING, **files}.items():
                file = Path(root, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            return [(rule, breach.path, breach.line) for rule, breach in breaches(root)]

    def rules_for(self, path, text):
        return [rule for rule, *_ in self.found({path: text})]

    def test_a_clean_tree_has_no_breach(self):
        self.assertEqual(self.found({
            "daemon/flow/batch.hpp": OPENING + '#include "base/size.hpp"\n#include <vector>\n',
            "daemon/main.cpp": '#include "daemon.hpp"\n',
            "daemon/daemon.hpp": OPENING + '#include "flow/batch.hpp"\n',
        }), [])

    def test_an_arrow_back_is_found_with_its_line(self):
        files = {"daemon/flow/batch.hpp": OPENING,
                 "daemon/base/size.cpp": '#include "base/size.hpp"\n\n#include "flow/batch.hpp"\n'}
        self.assertEqual(self.found(files), [("arrow", "daemon/base/size.cpp", 3)])

    def test_an_arrow_between_siblings_is_found(self):
        files = {"daemon/flow/batch.hpp": OPENING,
                 "daemon/http/url.cpp": '#include "flow/batch.hpp"\n'}
        self.assertEqual(self.found(files), [("arrow", "daemon/http/url.cpp", 1)])

    def test_an_include_of_the_composition_root_is_found(self):
        files = {"daemon/daemon.hpp": OPENING, "daemon/config/keys.cpp": '#include "daemon.hpp"\n'}
        self.assertEqual(self.found(files), [("arrow", "daemon/config/keys.cpp", 1)])

    def test_a_folder_without_a_layer_is_found(self):
        self.assertEqual(self.rules_for("daemon/novel/thing.cpp", ""), ["arrow"])

    def test_an_include_that_is_not_relative_to_daemon_is_found(self):
        self.assertEqual(self.rules_for("daemon/base/size.cpp", '#include "size.hpp"\n'), ["arrow"])

    def test_an_include_of_a_generated_header_is_fine(self):
        files = {"daemon/ops/page/page_text.hpp.in": "",
                 "daemon/ops/page.cpp": '#include "ops/page_text.hpp"\n',
                 "daemon/version.hpp.in": "",
                 "daemon/daemon.cpp": '#include "version.hpp"\n'}
        self.assertEqual(self.found(files), [])

    def test_an_include_in_a_comment_or_a_string_is_none(self):
        text = '/*\n#include "flow/x.hpp"\n*/\nauto x = R"(\n#include "flow/x.hpp"\n)";\n'
        self.assertNotIn("arrow", self.rules_for("daemon/base/size.cpp", text))

    def test_a_library_outside_the_folder_that_wraps_it_is_found(self):
        text = "#include <librdkafka/rdkafka.h>\n"
        self.assertEqual(self.rules_for("daemon/sinks/tecton.cpp", text), ["library"])
        self.assertEqual(self.rules_for("daemon/kafka/source.cpp", text), [])

    def test_a_library_in_a_header_counts_once_another_folder_reads_it(self):
        files = {"daemon/http/wire.hpp": OPENING + "#include <boost/beast/http.hpp>\n",
                 "daemon/http/client.hpp": OPENING + '#include "http/wire.hpp"\n'}
        self.assertEqual(self.found(files), [])
        files["daemon/sinks/sink.cpp"] = '#include "http/client.hpp"\n'
        self.assertEqual(self.found(files), [("library", "daemon/http/wire.hpp", 4)])

    def test_awaitable_may_show_in_a_header(self):
        files = {"daemon/flow/sink.hpp": OPENING + "#include <boost/asio/awaitable.hpp>\n",
                 "daemon/sinks/sink.cpp": '#include "flow/sink.hpp"\n'}
        self.assertEqual(self.found(files), [])

    def test_the_clock_is_read_in_two_files_only(self):
        for call in ["std::chrono::steady_clock::now()", "system_clock::now()", "random_device d",
                     "std::this_thread::sleep_for(x)"]:
            text = f"int x() {{\n    {call};\n}}\n"
            self.assertEqual(self.found({"daemon/flow/gate.cpp": text}),
                             [("call", "daemon/flow/gate.cpp", 2)])
            self.assertEqual(self.rules_for("daemon/base/clock.cpp", text), [])
            self.assertEqual(self.rules_for("daemon/daemon.cpp", text), [])
        text = "// not steady_clock::now here\n"
        self.assertEqual(self.rules_for("daemon/flow/gate.cpp", text), [])

    def test_a_test_that_sleeps_is_found(self):
        text = "void wait() { std::this_thread::sleep_for(x); }\n"
        self.assertEqual(self.rules_for("tests/unit/base/size_test.cpp", text), ["call"])

    def test_a_header_without_an_opening_comment_is_found(self):
        for text in ["#pragma once\nint x;\n", "#pragma once\n", "// One line.\n#pragma once\n"]:
            self.assertEqual(self.rules_for("daemon/base/hash.hpp", text), ["opening"])

    def test_a_function_of_71_lines_is_found_and_one_of_70_is_not(self):
        for body, rules in [(69, ["function"]), (68, [])]:
            text = "void run() {\n" + "    step();\n" * body + "}\n"
            self.assertEqual(self.rules_for("daemon/base/size.cpp", text), rules)

    def test_empty_words_in_names_are_found(self):
        self.assertEqual(self.rules_for("daemon/base/string_utils.cpp", ""), ["name"])
        self.assertEqual(self.rules_for("daemon/base/a.cpp", "class PoolManager {};\n"), ["name"])
        self.assertEqual(self.rules_for("daemon/base/a.cpp", "void url_helper() {}\n"), ["name"])
        self.assertEqual(self.rules_for("daemon/base/a.cpp", "auto x = text.data();\n"), [])

    def test_a_line_of_101_columns_is_found(self):
        self.assertEqual(self.rules_for("daemon/base/a.cpp", "x" * 101 + "\n"), ["columns"])
        self.assertEqual(self.rules_for("daemon/base/a.cpp", "é" * 100 + "\n"), [])
        self.assertEqual(self.rules_for("daemon/base/a.cpp", f'auto x = R"({"x" * 101})";\n'), [])

    def test_code_in_a_comment_is_found_and_prose_is_not(self):
        for comment in ["run(x);", "value = 3;", "#include <vector>", "if (x) {", "return x;"]:
            rules = self.rules_for("daemon/base/a.cpp", f"int x;  // {comment}\n")
            self.assertEqual(rules, ["comment"], comment)
        for comment in ["Returns what was sent; the rest waits.", "if (and only if) it is late",
                        "See run(); it says why."]:
            rules = self.rules_for("daemon/base/a.cpp", f"int x;  // {comment}\n")
            self.assertEqual(rules, [], comment)

    def test_what_is_put_off_is_found(self):
        word = "TO" + "DO"
        self.assertEqual(self.rules_for("daemon/base/a.cpp", f"// {word}: later\n"), ["comment"])

    def test_links_that_lead_nowhere_are_found(self):
        files = {"docs/a.md": "# The Title!\n[x](b.md#the-part) [y](#the-title)\n",
                 "docs/b.md": "## The part\n`[no](link.md)` [w](https://example.org)\n"}
        self.assertEqual(self.found(files), [])
        files["docs/a.md"] = "[x](b.md#other)\n[y](c.md)\n![z](z.png)\n[r]: ../r.md\n"
        expected = [("link", "docs/a.md", line) for line in range(1, 5)]
        self.assertEqual(sorted(self.found(files)), expected)


class FunctionsTest(unittest.TestCase):
    def names(self, text):
        return [(function.name, function.lines) for function in CppText(text).functions()]

    def test_scopes_are_told_apart(self):
        text = """
namespace a {
template <typename T>
class Box final : public Base<T> {
  public:
    Box(int x) : x_{x}, y_{x} {
        run([&] { return 1; });
    }
    bool operator==(Box const& other) const {
        if (x_) { return true; }
        return false;
    }
  private:
    int x_{0};
};
enum class E { one, two };
constexpr int table[] = {1, 2};
auto const more = make({1}, {2});
std::vector<int> f(std::function<void()> g = {}) noexcept
{
    return {1, 2};
}
}
"""
        self.assertEqual(self.names(text), [("Box", 3), ("operator==", 4), ("f", 4)])

    def test_braces_in_literals_and_macros_do_not_count(self):
        body = "    g('{', \"}}\", R\"({)\", 1'000);  // }\n"
        text = "#define M {\nvoid f() {\n" + body + "}\nvoid h() {}\n"
        self.assertEqual(self.names(text), [("f", 3), ("h", 1)])


if __name__ == "__main__":
    unittest.main()
