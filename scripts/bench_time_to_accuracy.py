"""Time to an accuracy on CIFAR-10's test images: `fmtool train` against a plain Keras script.

    python scripts/bench_time_to_accuracy.py --rounds 5

Whole processes, from their start, in alternating order. The plain script
(`contest/plain_script.py`) trains the CNN for 10 epochs and measures test accuracy after each; its
time is that until its best epoch is known, and the same without what the test images took.
fmtool's is that of the whole command, whose report says what its model reaches on the same
images. `--short` has to reach the plain script's best accuracy, and the ratio of the times counts;
`--long` may take as long as the plain script until its last epoch is known, and its accuracy
counts. Round n has seed n.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from contest import report
from contest.processes import finish, fmtool, plain, result

_SHORT = ["experiment=cifar10_cpu_quick", "logging=quiet"]  # as the script, without pictures
_LONG = ["experiment=cifar10_cpu", "logging=quiet"]


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=10, help="of the plain script")
    parser.add_argument("--short", nargs="+", metavar="OVERRIDE", default=_SHORT)
    parser.add_argument("--long", nargs="+", metavar="OVERRIDE", default=_LONG)
    arguments = parser.parse_args(argv)
    rounds = [_round(arguments, number) for number in range(arguments.rounds)]
    report.show(
        rounds=rounds,
        plain_over_short=_over_short(rounds, "seconds"),
        plain_without_test_over_short=_over_short(rounds, "seconds_without_test"),
        short_reached=[each["short"]["accuracy"] >= each["plain"]["accuracy"] for each in rounds],
        long_within=[each["long"]["seconds"] <= each["plain"]["total_seconds"] for each in rounds],
        long_accuracy=report.spread(each["long"]["accuracy"] for each in rounds),
    )


def _round(arguments: argparse.Namespace, number: int) -> dict[str, dict[str, Any]]:
    sides = {
        "plain": lambda: _plain(arguments.epochs, number),
        "short": lambda: _fmtool(arguments.short, number),
        "long": lambda: _fmtool(arguments.long, number),
    }
    found = {name: sides[name]() for name in list(sides)[:: -1 if number % 2 else 1]}
    print(f"round {number + 1} of {arguments.rounds}", found, file=sys.stderr)
    return found


def _plain(epochs: int, seed: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        finished = finish(plain(f"--epochs={epochs}", f"--seed={seed}"), Path(folder))
    rows = [(seconds, json.loads(line)) for seconds, line in finished.lines if line.startswith("{")]
    seconds, best = max(rows, key=lambda row: row[1]["val_accuracy"])
    return {
        "accuracy": best["val_accuracy"],
        "epoch": best["epoch"],
        "seconds": round(seconds, 2),
        "seconds_without_test": round(seconds - best["test_seconds"], 2),
        "total_seconds": round(rows[-1][0], 2),
    }


def _fmtool(overrides: list[str], seed: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        finished = finish(fmtool("train", *overrides, f"seed={seed}"), Path(folder))
        accuracy = result(Path(folder))["metrics"]["accuracy"]
    return {"accuracy": accuracy, "seconds": round(finished.seconds, 2)}


def _over_short(rounds: list[dict[str, dict[str, Any]]], of: str) -> dict[str, Any]:
    return report.spread(each["plain"][of] / each["short"]["seconds"] for each in rounds)


if __name__ == "__main__":
    main(sys.argv[1:])
