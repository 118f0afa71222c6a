"""The fixes of errors that are to be typed: those in the source, and how one is reached."""

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmtool.cli.dispatch import COMMANDS

ROOT = Path(__file__).parents[1]
TYPED = re.compile(
    rf"\bfmtool (?:(?:{'|'.join(COMMANDS)})\b|\{{)|\bpip install\b"
    r"|(?:(?<![\w.])[a-z][\w./]*|\})=(?=[^\s=,)])"
)
"""A command, an installation, or a key with a value."""

Argv = tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """An error that is reached, and a line that is typed after it.

    Args:
        file: with the fix, below the repository.
        fix: as it stands in the source, `{...}` where a value is put in.
        before: a command line, or a function of the test's `Place`, that raises it.
        after: a command line, or such a function, with the fix; None for an installation.
        says: what of the fix is typed; of a command line it is found out.
        code: that the command line with the fix ends with; None where something else, which the
            fix is not about, ends it.
    """

    file: str
    fix: str
    before: Argv | Callable[[Any], Any]
    after: Argv | Callable[[Any], Any] | None
    says: str | Sequence[str] = ()
    code: int | None = 0

    @property
    def key(self) -> tuple[str, str]:
        return self.file, self.fix


def found() -> set[tuple[str, str]]:
    """Each fix of the source that is to be typed, by its file."""
    return {
        (path.relative_to(ROOT).as_posix(), text)
        for folder in ("fmtool", "cli")
        for path in (ROOT / folder).rglob("*.py")
        for text in _fixes(ast.parse(path.read_text(encoding="utf-8")))
        if TYPED.search(text)
    }


def _fixes(tree: ast.Module) -> Iterator[str]:
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg == "fix":
                    yield from _texts(keyword.value, constants)


def _texts(node: ast.expr, constants: dict[str, ast.expr]) -> Iterator[str]:
    """The text itself, both ways of a choice, the other words of `did_you_mean`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(
            str(part.value) if isinstance(part, ast.Constant) else f"{{{_inner(part)}}}"
            for part in node.values
        )
    elif isinstance(node, ast.BinOp):
        for left in _texts(node.left, constants):
            yield from (left + right for right in _texts(node.right, constants))
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body, constants)
        yield from _texts(node.orelse, constants)
    elif isinstance(node, ast.Call):
        if "extras.install" in ast.unparse(node):
            yield f"pip install {{{ast.unparse(node)}}}"
        for keyword in node.keywords:
            yield from _texts(keyword.value, constants)
    elif isinstance(node, ast.Name) and node.id in constants:
        yield from _texts(constants[node.id], {})


def _inner(part: ast.expr) -> str:
    return ast.unparse(part.value) if isinstance(part, ast.FormattedValue) else ""


def matches(template: str, shown: str) -> bool:
    """True where a line holds the fix of a template, with any values put in."""
    parts = re.split(r"\{.*?\}(?!\})", template)
    return re.search(".*".join(map(re.escape, parts)), shown, re.DOTALL) is not None


def told(words: Sequence[str], shown: str) -> bool:
    """True of a line that tells to type these words, each with its value or with capitals."""
    plain = shown.replace("'", "")
    return all(
        word in plain or re.search(rf"{re.escape(word.partition('=')[0])}=\S*[A-Z]", plain)
        for word in words
    )
