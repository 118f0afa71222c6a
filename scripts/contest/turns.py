"""The benchmark's side: contestants take turns, so what else happens on the machine meets all.

Imports no library that takes memory or threads: the contestants have the machine to themselves.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

_SCRIPTS = Path(__file__).parent.parent
_SHOWN_LINES = 20

Round = dict[str, dict[str, Any]]
"""What each contestant told after its turn, by name."""


@dataclass(frozen=True)
class Candidate:
    """A module of this package that is run as a process.

    Args:
        module: such as `keras_fit`.
        python: the interpreter, where it is not this one.
    """

    name: str
    module: str
    words: Sequence[str] = ()
    python: str = sys.executable


@dataclass(frozen=True)
class Contest:
    """A finished benchmark: what each contestant said of itself, and every counted round."""

    facts: Round
    rounds: list[Round]


def play(contestants: Sequence[Candidate], rounds: int) -> Contest:
    """Starts everyone, then gives each a turn in every round, in alternating order.

    The first round, which compiles and warms up, is not counted. A contestant must have
    `rounds + 1` turns in it.
    """
    with ExitStack() as stack:
        children = {each.name: stack.enter_context(_started(each)) for each in contestants}
        facts = {name: child.hear() for name, child in children.items()}
        print("ready", facts, file=sys.stderr)
        told = []
        for number in range(rounds + 1):
            order = list(children.items())
            told.append({name: child.turn() for name, child in order[:: -1 if number % 2 else 1]})
            print(f"round {number} of {rounds}", told[-1], file=sys.stderr)
    return Contest(facts, told[1:])


def run_straight(contestant: Candidate, turns: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Lets a contestant do all its turns one after the other; it never waits in between.

    Returns what it says of itself, and what it told after each turn but the first, which compiles.
    """
    with _started(contestant) as child:
        child.allow(turns + 1)
        facts = child.hear()
        told = [child.hear() for _ in range(turns + 1)]
    print(contestant.name, facts, told, file=sys.stderr)
    return facts, told[1:]


def tell(contestant: Candidate, *, times: int) -> Iterator[dict[str, Any]]:
    """What a contestant says of itself so many times, without a turn."""
    with _started(contestant) as child:
        for _ in range(times):
            yield child.hear()


class _Child:
    def __init__(self, name: str, process: subprocess.Popen[str], log: IO[str]) -> None:
        self._name, self._process, self._log = name, process, log

    def turn(self) -> dict[str, Any]:
        self.allow(1)
        return self.hear()

    def allow(self, turns: int) -> None:
        """Tells the contestant to go on for so many turns; returns at once."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n" * turns)
        self._process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._log.seek(0)
            last = "".join(self._log.readlines()[-_SHOWN_LINES:])
            sys.exit(f"{last}{self._name} ended with {self._process.wait()}")
        told: dict[str, Any] = json.loads(line)
        return told


@contextmanager
def _started(contestant: Candidate) -> Iterator[_Child]:
    command = [contestant.python, "-m", f"contest.{contestant.module}", *contestant.words]
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("w+") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            yield _Child(contestant.name, process, log)
        finally:
            process.kill()
            process.communicate()


def _environment() -> Mapping[str, str]:
    path = [str(_SCRIPTS), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(path), "TF_CPP_MIN_LOG_LEVEL": "3"}
