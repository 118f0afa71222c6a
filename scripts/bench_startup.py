"""How soon the command answers, and how soon `fmtool train` takes its first step.

    python scripts/bench_startup.py --rounds 9
    python scripts/bench_startup.py --rounds 9 --backends tensorflow jax torch

Always: CPU seconds of the commands that must answer at once, and of those that find a mistake in a
config also over the import of what they are made of: Hydra's compose, pydantic, yaml and rich, in
turns. Python keeps compiled files, as it does for an installed program.

For each backend also: wall and CPU seconds from the start of the process to the end of the first
training step, of the cnn on CIFAR-10 with batch size 64, against a plain Keras script that loads
the same arrays
(`contest/plain_script.py`), in alternating order. Each side trains an epoch of one step and is
stopped at the line that it prints after it; fmtool's has made its run directory by then. The plain
script gives `fit` all images, as scripts do, or (`sparing`) those of the one batch alone.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from contest import presets, report
from contest.processes import Finished, finish, fmtool, plain

_COMMANDS = {
    "fmtool --version": ["--version"],
    "fmtool --help": ["--help"],
    "fmtool train --help": ["train", "--help"],
    "fmtool evaluate --help": ["evaluate", "--help"],
    "unknown option": ["train", "model=ccn"],
    "unknown key": ["train", "optimizer.learning_rte=1e-3"],
    "value out of range": ["train", "optimizer.learning_rate=-1"],
    "refused override": ["train", "hydra.run.dir=x"],
    "fmtool train --cfg job": ["train", "--cfg", "job"],
}
_IMPORTS = (
    "from hydra import compose, initialize_config_module; from pydantic import BaseModel; "
    "import yaml; from rich.console import Console; from rich.table import Table"
)
_MISTAKES = ("unknown option", "unknown key", "value out of range")
_KEEPS_COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}
_ONE_STEP = ["model=cnn", "data=cifar10", "batch_size=64", "data.limit=64", "epochs=1"]
_AFTER_STEP = {"fmtool": "epoch 1/1", "plain": '{"epoch": 1', "sparing": '{"epoch": 1'}


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--backends", nargs="*", default=(), choices=presets.BACKENDS)
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        answers, over_imports = _answers(arguments.rounds, Path(folder))
        first_step = {
            backend: _first_step(backend, arguments.rounds, Path(folder))
            for backend in arguments.backends
        }
    report.show(cpu_seconds=answers, over_imports=over_imports, first_step=first_step)


def _answers(rounds: int, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """CPU seconds of each command, and of mistakes over those of the imports in the same round."""
    commands = {"imports": [sys.executable, "-c", _IMPORTS]}
    commands |= {name: fmtool(*words) for name, words in _COMMANDS.items()}

    def cpu_seconds(command: list[str]) -> float:
        return finish(command, folder, may_fail=True, **_KEEPS_COMPILED).cpu_seconds

    # The first round brings files into memory and is not counted.
    found = [
        {name: cpu_seconds(command) for name, command in commands.items()}
        for _ in range(rounds + 1)
    ][1:]
    seconds = {name: report.spread(each[name] for each in found) for name in commands}
    over = {
        name: report.spread(each[name] / each["imports"] for each in found) for name in _MISTAKES
    }
    return seconds, over


def _first_step(backend: str, rounds: int, folder: Path) -> dict[str, Any]:
    """The first round, which brings files into memory, is not counted."""
    words = [*_ONE_STEP, "data.validation_fraction=0", f"runtime.backend={backend}"]
    commands = {
        "fmtool": fmtool("train", *words),
        "plain": plain("--first-step"),
        "sparing": plain("--first-step", "--images=64"),
    }

    def start(name: str) -> Finished:
        return finish(commands[name], folder, until=_AFTER_STEP[name], KERAS_BACKEND=backend)

    found = []
    for number in range(rounds + 1):
        found.append({name: start(name) for name in list(commands)[:: -1 if number % 2 else 1]})
        print(f"{backend}: round {number} of {rounds}", file=sys.stderr)
    return {measure: _compared(found[1:], measure) for measure in ("seconds", "cpu_seconds")}


def _compared(rounds: list[dict[str, Finished]], measure: str) -> dict[str, Any]:
    """The figure of each side, and fmtool's over those of the others."""
    figures = [
        {name: float(getattr(each, measure)) for name, each in told.items()} for told in rounds
    ]
    return {name: report.spread(each[name] for each in figures) for name in rounds[0]} | {
        f"fmtool over {name}": report.spread(each["fmtool"] / each[name] for each in figures)
        for name in ("plain", "sparing")
    }


if __name__ == "__main__":
    main(sys.argv[1:])
