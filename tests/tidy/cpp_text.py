"""Reads C++ without a compiler, well enough for the style checks: code, comments, functions.

Used by tidy.py. Not a parser: templates, macros and attributes pass through as text.
"""
import re
from bisect import bisect_right
from dataclasses import dataclass

TOKEN = re.compile(
    r'R"(?P<tag>[^\s()\\]{0,16})\(.*?\)(?P=tag)"'  # raw string
    r'|"(?:\\.|[^"\\\n])*"'  # string
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'"  # character; after a digit it is a digit separator
    r"|//[^\n]*|/\*.*?\*/",  # comments
    re.S,
)
DIRECTIVE = re.compile(r"^\s*#.*(?:\\\n.*)*", re.M)
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.M)


@dataclass
class Comment:
    line: int
    text: str


@dataclass
class Include:
    line: int
    path: str
    quoted: bool


@dataclass
class Function:
    line: int
    lines: int
    name: str


class CppText:
    """One file. `code` has the original's length and lines; comments and literals are blanked."""

    def __init__(self, text):
        self.text = text
        self._line_starts = [0] + [match.end() for match in re.finditer("\n", text)]
        self.comments = []
        self.raw_string_lines = set()
        self.code = TOKEN.sub(self._blank, text)

    def _blank(self, match):
        token = match.group()
        line = self.line_of(match.start())
        if token.startswith(("//", "/*")):
            for number, part in enumerate(token.splitlines()):
                words = part.strip().lstrip("/*!< ").rstrip("*/ ")
                self.comments.append(Comment(line + number, words))
            return blank(token)
        if token.startswith("R"):
            self.raw_string_lines.update(range(line, line + token.count("\n") + 1))
        return token[0] + blank(token[1:-1]) + token[-1]

    def line_of(self, position):
        return bisect_right(self._line_starts, position)

    def includes(self):
        for match in INCLUDE.finditer(self.text):
            # One that stands in a comment or a literal is blanked in the code.
            if "#" in self.code[match.start():match.end()]:
                yield Include(self.line_of(match.end()), match.group(2), match.group(1) == '"')

    def opening_comment_lines(self):
        """Lines of comment before the first code, `#pragma once` not counted as code."""
        first_code = re.search(r"\S", self.code.replace("#pragma once", " " * 12))
        end = self.line_of(first_code.start()) if first_code else len(self._line_starts) + 1
        return sum(1 for comment in self.comments if comment.line < end and comment.text)

    def functions(self):
        """Functions with a body, from the signature to the closing brace; lambdas are inside."""
        code = DIRECTIVE.sub(lambda match: blank(match.group()), self.code)
        scopes = []
        parentheses = 0
        statement = 0
        for match in re.finditer(r"[{}();]", code):
            symbol, at = match.group(), match.start()
            if symbol in "()":
                parentheses += 1 if symbol == "(" else -1
            elif symbol == ";":
                if parentheses == 0 and not (scopes and scopes[-1].kind == "function"):
                    statement = at + 1
            elif symbol == "{":
                kind = scope_kind(code[statement:at], parentheses, scopes)
                scopes.append(Scope(kind, statement, at, parentheses))
                if kind != "inner":
                    statement, parentheses = at + 1, 0
            elif scopes:
                scope = scopes.pop()
                parentheses = scope.parentheses
                if scope.kind == "function":
                    yield self._function(code, scope, at)
                if scope.kind != "inner":
                    statement = at + 1

    def _function(self, code, scope, end):
        head = code[scope.statement:scope.brace]
        skipped = re.match(r"(\s|(public|private|protected)\s*:)*", head).end()
        first = self.line_of(scope.statement + skipped)
        name = re.search(r"(operator\W+|[\w:~]+)\s*\(", head)
        lines = self.line_of(end) - first + 1
        return Function(first, lines, name.group(1) if name else "a function")


@dataclass
class Scope:
    kind: str  # "outer" holds declarations, "function" is a body, "inner" is any other
    statement: int
    brace: int
    parentheses: int


def scope_kind(head, parentheses, scopes):
    """What the brace after `head` opens."""
    if parentheses > 0 or (scopes and scopes[-1].kind != "outer"):
        return "inner"
    words = re.sub(r"\[\[.*?\]\]|template\s*<[^{}]*?>(?=\s*\w)", " ", head, flags=re.S).strip()
    if re.match(r"(inline\s+)?(namespace|class|struct|union|enum|extern)\b[^(]*$", words):
        return "outer"
    # `Name(int x) : member_{x} {`: the braces of a member are inner ones, the last is the body.
    if re.search(r"\)\s*(noexcept\s*)?:(?!:)", words) and re.search(r"[\w>]$", words):
        return "inner"
    if re.search(r"\b(class|struct|union|enum)\b[^()]*$", words):
        return "outer"
    return "function" if "(" in words and not re.search(r"(?<![=!<>])=\s*$", words) else "inner"


def blank(text):
    return re.sub(r"[^\n]", " ", text)
