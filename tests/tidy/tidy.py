#!/usr/bin/env python3
"""Checks the rules of style that no compiler sees.

`tidy.py ROOT` prints each breach as FILE:LINE: RULE: what is wrong, and fails if there is one. A
rule is a generator over the tree; RULES lists them, and tidy_test.py shows that each can fail.
"""
import posixpath
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from cpp_text import CppText, blank

COLUMNS_MAX = 100
FUNCTION_LINES_MAX = 70

# Who may include whom: a folder sees its own files and those of a lower layer. "main" is
# daemon/main.cpp and "daemon" what else lies in daemon/ itself: the composition root.
LAYERS = {"base": 1, "http": 2, "flow": 2, "kafka": 3, "sinks": 3, "ops": 3, "emulator": 3,
          "config": 4, "daemon": 5, "commands": 6, "main": 7}

# The one folder that wraps a library.
LIBRARY_HOMES = {"boost/beast": "http", "openssl": "http", "librdkafka": "kafka",
                 "yaml-cpp": "config", "prometheus": "ops", "simdjson": "base",
                 "CLI": "commands", "zlib": "http", "zstd": "http"}

# What a header that other folders read may show besides the standard library.
HEADER_LIBRARIES = re.compile(
    r"boost/(asio/(awaitable|io_context|any_io_executor|steady_timer|strand)\.hpp"
    r"|circular_buffer\.hpp|unordered/|lockfree/|system/error_code\.hpp)"
)
STANDARD_HEADER = re.compile(r"[a-z_0-9]+(\.h)?$|(sys|arpa|net|netinet|linux)/\w+\.h$")

CLOCK_FILES = {"daemon/base/clock.cpp", "daemon/daemon.cpp"}
FORBIDDEN_CALLS = re.compile(
    r"\b((?:steady|system|high_resolution)_clock::now|random_device|sleep_for|sleep_until)\b"
)
SLEEPS = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep)\b")

EMPTY_WORDS = {"mgr", "manager", "util", "utils", "helper", "helpers", "common", "misc", "data",
               "info"}
TYPE_NAME = re.compile(
    r"\b(?:class|struct|enum(?:\s+class)?|using)\s+([A-Z]\w*)\s*(?=[:{=]|final\b)"
)
FUNCTION_WORDS = {"mgr", "util", "utils", "helper", "helpers"}

UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
COMMENTED_OUT = re.compile(
    r"^(#include\b.*|(if|for|while|switch) \(.*\) ?\{?|\} ?(else.*)?"
    r"|(return|auto|const|int|bool)\b[^.]*;"
    r"|[\w:.>\[\]-]+\(.*\);|[\w:.>\[\]-]+ [-+*|&]?= .*;)$"
)

# The tail of `[text](target "title")`, which images have too; and `[name]: target`.
MARKDOWN_LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?[^)\n]*\)|^\[[^\]\n]+\]:\s*(\S+)", re.M)
CODE_BLOCK = re.compile(r"^```.*?^```", re.S | re.M)
SKIPPED_FOLDERS = {"build", "__pycache__", ".git", ".cache", "node_modules"}


@dataclass
class Breach:
    path: str
    line: int
    what: str


@dataclass
class Tree:
    """The files of a checkout by their path below the root, without what is built."""

    root: Path
    paths: list = field(default_factory=list)
    cpp: dict = field(default_factory=dict)

    def __post_init__(self):
        self.paths = sorted(self._walk(self.root))
        for path in self.paths:
            if path.endswith((".hpp", ".cpp")):
                self.cpp[path] = CppText(self.read(path))

    def _walk(self, folder):
        for entry in folder.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                if entry.name not in SKIPPED_FOLDERS:
                    yield from self._walk(entry)
            else:
                yield entry.relative_to(self.root).as_posix()

    def read(self, path):
        return (self.root / path).read_text(encoding="utf-8", errors="replace")

    def is_generated(self, header):
        """Whether CMake makes it: its template lies somewhere in the folder of its name."""
        folder, name = posixpath.split(f"daemon/{header}")
        return any(path.startswith(f"{folder}/") and path.endswith(f"/{name}.in")
                   for path in self.paths)

    def daemon(self):
        return {path: text for path, text in self.cpp.items() if path.startswith("daemon/")}


def layer_of(path):
    """The layer of a file below daemon/, by its path."""
    parts = path.split("/")
    if len(parts) > 2:
        return parts[1]
    return "main" if parts[1] == "main.cpp" else "daemon"


def check_arrows(tree):
    """An include goes to its own folder or to a lower layer."""
    for path, text in tree.daemon().items():
        own = layer_of(path)
        if own not in LAYERS:
            yield Breach(path, 1, f"daemon/{own} has no layer; give it one in tests/tidy/tidy.py")
            continue
        for include in text.includes():
            if not include.quoted:
                continue
            target = f"daemon/{include.path}"
            if target not in tree.cpp and not tree.is_generated(include.path):
                yield Breach(path, include.line, f'"{include.path}" is no file below daemon/')
                continue
            other = layer_of(target)
            if other != own and LAYERS.get(other, 0) >= LAYERS[own]:
                yield Breach(path, include.line, f"{own} must not include {other} ({include.path})")


def check_libraries(tree):
    """A library is included where it is wrapped; headers for other folders do not show it."""
    shared = headers_read_elsewhere(tree)
    for path, text in tree.daemon().items():
        for include in text.includes():
            home = home_of(include.path)
            if include.quoted or (home is None and STANDARD_HEADER.match(include.path)):
                continue
            if home is not None and layer_of(path) != home:
                yield Breach(path, include.line, f"daemon/{home} alone wraps <{include.path}>")
            elif path in shared and not HEADER_LIBRARIES.match(include.path):
                what = f"{shared[path]} reads this header, so it must not show <{include.path}>"
                yield Breach(path, include.line, what)


def home_of(header):
    """The folder that wraps the library this header is of, or None."""
    for library, home in LIBRARY_HOMES.items():
        if header.startswith(library + "/") or header == library + ".h":
            return home
    return None


def headers_read_elsewhere(tree):
    """Header -> a file of another folder that includes it, directly or through other headers."""
    reader = {}
    waiting = [(target, path) for path in tree.daemon() for target in daemon_includes(tree, path)
               if layer_of(target) != layer_of(path)]
    while waiting:
        header, path = waiting.pop()
        if header not in reader:
            reader[header] = path
            waiting.extend((target, path) for target in daemon_includes(tree, header))
    return reader


def daemon_includes(tree, path):
    for include in tree.cpp[path].includes():
        target = f"daemon/{include.path}"
        if include.quoted and target in tree.cpp:
            yield target


def check_calls(tree):
    """Time and randomness come from a parameter; a test waits for events, never for a guess."""
    for path, text in tree.cpp.items():
        pattern = FORBIDDEN_CALLS if path.startswith("daemon/") else SLEEPS
        if path in CLOCK_FILES:
            continue
        for match in pattern.finditer(text.code):
            what = f"{match.group(1)}: take a Clock or a Random, wait for an event"
            yield Breach(path, text.line_of(match.start()), what)


def check_opening_comments(tree):
    """A header opens with what it is, who uses it and what it is not."""
    for path, text in tree.daemon().items():
        if path.endswith(".hpp") and text.opening_comment_lines() < 2:
            what = "a header opens with two to six lines: what it is, who uses it, thread safety"
            yield Breach(path, 1, what)


def check_function_lengths(tree):
    for path, text in tree.cpp.items():
        for function in text.functions():
            if function.lines > FUNCTION_LINES_MAX:
                what = f"{function.name} has {function.lines} lines, more than {FUNCTION_LINES_MAX}"
                yield Breach(path, function.line, what)


def check_names(tree):
    """Words that say nothing, in the names of files, types and functions."""
    for path in tree.paths:
        if is_code(path):
            stem = path.rsplit("/", 1)[-1].split(".")[0]
            yield from empty_words(path, 1, stem, re.split(r"[-_]", stem.lower()), EMPTY_WORDS)
    for path, text in tree.cpp.items():
        for match in TYPE_NAME.finditer(text.code):
            words = [word.lower() for word in re.findall(r"[A-Z][a-z0-9]*", match.group(1))]
            line = text.line_of(match.start())
            yield from empty_words(path, line, match.group(1), words, EMPTY_WORDS)
        for function in text.functions():
            words = function.name.split("::")[-1].lower().split("_")
            yield from empty_words(path, function.line, function.name, words, FUNCTION_WORDS)


def empty_words(path, line, name, words, banned):
    for word in sorted(set(words) & banned):
        yield Breach(path, line, f"{name} says '{word}'; what is it really?")


def is_code(path):
    return path.startswith(("scripts/", ".ci/")) or path.endswith((".cpp", ".hpp", ".py"))


def check_line_lengths(tree):
    for path in tree.paths:
        if not is_code(path):
            continue
        exempt = tree.cpp[path].raw_string_lines if path in tree.cpp else ()
        for number, line in enumerate(tree.read(path).splitlines(), 1):
            if len(line) > COLUMNS_MAX and number not in exempt:
                yield Breach(path, number, f"{len(line)} columns, more than {COLUMNS_MAX}")


def check_comments(tree):
    """No code that is commented out, and nothing that is put off."""
    for path, text in tree.cpp.items():
        for comment in text.comments:
            if COMMENTED_OUT.match(comment.text):
                yield Breach(path, comment.line, "code in a comment: version control remembers it")
            if UNFINISHED.search(comment.text):
                yield Breach(path, comment.line, "what is put off needs an issue, not a comment")


def check_links(tree):
    """Relative links in the documentation lead to files that exist, anchors to headings."""
    for path in tree.paths:
        if not path.endswith(".md"):
            continue
        text = without_code(tree.read(path))
        for match in MARKDOWN_LINK.finditer(text):
            problem = broken_link(tree, path, match.group(1) or match.group(2))
            if problem:
                yield Breach(path, text.count("\n", 0, match.start()) + 1, problem)


def broken_link(tree, path, target):
    """What is wrong with a link, or None."""
    if re.match(r"[a-z][a-z0-9+.-]*:", target):
        return None
    file, _, anchor = target.partition("#")
    full = (tree.root / path).parent / file if file else tree.root / path
    if not full.exists():
        return f"the link to {target} leads nowhere"
    if anchor and full.suffix == ".md" and anchor not in anchors_of(full.read_text("utf-8")):
        return f"{target} names a heading that is not there"
    return None


def without_code(text):
    """Markdown with code blocks and code spans blanked; lines stay where they are."""
    text = CODE_BLOCK.sub(lambda match: blank(match.group()), text)
    return re.sub(r"`[^`\n]+`", lambda match: blank(match.group()), text)


def anchors_of(text):
    headings = re.findall(r"^#+\s+(.*?)\s*#*$", CODE_BLOCK.sub("", text), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


RULES = {
    "arrow": check_arrows,
    "library": check_libraries,
    "call": check_calls,
    "opening": check_opening_comments,
    "function": check_function_lengths,
    "name": check_names,
    "columns": check_line_lengths,
    "comment": check_comments,
    "link": check_links,
}


def breaches(root):
    """All breaches as (rule, Breach), in the order of the rules."""
    tree = Tree(Path(root))
    if not tree.daemon():
        raise SystemExit(f"tidy: no C++ below {root}/daemon; give the root of the checkout")
    return [(rule, breach) for rule, check in RULES.items() for breach in check(tree)]


def main():
    if len(sys.argv) != 2:
        raise SystemExit("Usage: tidy.py ROOT")
    found = breaches(sys.argv[1])
    for rule, breach in found:
        print(f"{breach.path}:{breach.line}: {rule}: {breach.what}")
    print(f"tidy: {len(found)} breaches of {len(RULES)} rules")
    raise SystemExit(1 if found else 0)


if __name__ == "__main__":
    main()
