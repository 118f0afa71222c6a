"""`fmtool verify`: whether a bundle of `fmtool export` is whole, and still answers as it did."""

from pathlib import Path
from typing import TYPE_CHECKING

from fmtool.errors import UsageError
from fmtool.notices import counted, note
from fmtool.suggest import did_you_mean

from . import output
from .flags import Flags

if TYPE_CHECKING:
    from fmtool.export.verify import Answer, Verification

HELP = """\
usage: fmtool verify BUNDLE [run=true] [threads=N]

looks at every byte of a bundle.zip of `fmtool export bundle=true`: files that are missing, changed
or unexpected, by SHA256SUMS and by export.json

  run=true    also runs each model whose runtime is installed on the samples of the bundle, and
              compares with what the run's network gave; read docs/security.md before you run
              what others made
  threads=N   for a runtime; 1 by default

exit codes: 0 all is as it was   6 a model gives other answers   65 the bundle is damaged
            77 it has members that lead out of its folder

flags: --json one object on stdout   --timeout TIME ends it in order after 90, 30s, 10m or 2h

examples:
  fmtool verify runs/2026-01-31_0815_cnn_cifar10/export/bundle.zip
  fmtool verify bundle.zip run=true --json
"""

_DAMAGE = "get the bundle again, or export it again with bundle=true"


def help_text() -> str:
    return HELP


def main(argv: list[str], flags: Flags) -> int:
    """Prints what was found on stdout, and a line on stderr for each thing that is wrong."""
    words = [word for word in argv if "=" not in word]
    keys = dict(word.split("=", 1) for word in argv if "=" in word)
    if len(words) != 1:
        what = "names no bundle" if not words else f"unexpected '{words[1]}'"
        raise UsageError(f"verify: {what}", fix="fmtool verify BUNDLE, one at a time")
    runs, threads = _settings(keys)

    from fmtool.config.compose import compose
    from fmtool.export.verify import verify
    from fmtool.schema import RuntimeConfig

    fixed = ["runtime=cpu", "runtime.backend=tensorflow", "runtime.precision=float32"]
    raw = compose("train", [*fixed, f"runtime.threads={threads}"])
    found = verify(Path(words[0]), RuntimeConfig.model_validate(raw["runtime"]), runs=runs)
    if flags.as_json:
        output.print_json(found.to_json())
    else:
        _print(found)
    _complain(found)
    return found.exit_code


def _settings(keys: dict[str, str]) -> tuple[bool, int]:
    """run= and threads=; UsageError for others, or other values."""
    known = {"run": "false", "threads": "1"}
    for key in keys:
        if key not in known:
            raise UsageError(f"unknown key '{key}'", fix=did_you_mean(key, known))
    given = known | keys
    if given["run"] not in ("true", "false"):
        raise UsageError(f"run={given['run']} is not accepted", fix="write run=true or run=false")
    threads = given["threads"]
    if not (threads.isdecimal() and threads.isascii() and 0 < int(threads) < 1 << 16):
        raise UsageError(f"threads={threads} is not accepted", fix="give a number from 1 on")
    return given["run"] == "true", int(threads)


def _print(found: "Verification") -> None:
    state = counted(len(found.problems), "problem") if found.problems else "whole"
    output.print_line(f"{found.bundle}: {counted(found.members, 'file')}, {state}")
    for answer in found.answers:
        output.print_line(_line(answer, found.samples))


def _line(answer: "Answer", samples: int) -> str:
    if answer.agreeing is None and answer.difference is None:
        return f"{answer.path}: {answer.status}: {answer.detail}"
    line = f"{answer.path}: {answer.status}"
    if answer.agreeing is not None:
        line += f", {answer.agreeing} of {samples} labels as the run"
    if answer.difference is None:
        return line
    return f"{line}, largest difference {answer.difference:.1e}"


def _complain(found: "Verification") -> None:
    for line in found.problems:
        note(f"error: {found.bundle}: {line}; fix: {_DAMAGE}")
    for answer in found.answers:
        if answer.status == "differs":
            note(f"error: {answer.path} does not match: {answer.detail}; fix: export it again")
