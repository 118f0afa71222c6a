"""Peak memory of `fmtool train` over that of a plain Keras script, and of sets that are streamed.

    python scripts/bench_memory.py --rounds 5
    python scripts/bench_memory.py --rounds 1 --cap-mb 1500 --stream arrays image_folder

Resident memory of the whole process at its highest, from its start to its end, as the kernel
counts it. Both sides train the cnn on CIFAR-10 for an epoch and measure the test images; fmtool's
default and the plain script alternate. `--stream` makes a set of ten times `--cap-mb` in a
temporary folder (TMPDIR says where) and trains on it for an epoch with data.storage=stream.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from contest import large_sets, presets, report
from contest.processes import finish, fmtool, plain

_MB = 10**6
_STREAMED = ["data.storage=stream", "model=mlp", "model.units=[8]", "epochs=1"]


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--backend", default="tensorflow", choices=presets.BACKENDS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cap-mb", type=int, default=1500)
    parser.add_argument("--stream", nargs="*", default=(), choices=large_sets.KINDS)
    arguments = parser.parse_args(argv)
    rounds = [_round(arguments.backend, number) for number in range(arguments.rounds)]
    report.show(
        peak_mb={name: report.spread(each[name] for each in rounds) for name in rounds[0]},
        fmtool_over_plain=report.spread(each["fmtool"] / each["plain"] for each in rounds),
        streamed={
            kind: _streamed(kind, arguments.cap_mb, arguments.backend) for kind in arguments.stream
        },
    )


def _round(backend: str, number: int) -> dict[str, float]:
    commands = {
        "fmtool": fmtool(
            "train", "model=cnn", "data=cifar10", "epochs=1", f"runtime.backend={backend}"
        ),
        "plain": plain("--epochs=1"),
    }
    found = {}
    for name in list(commands)[:: -1 if number % 2 else 1]:
        found[name] = _peak_mb(commands[name], backend)
    print(f"round {number + 1}", found, file=sys.stderr)
    return found


def _peak_mb(command: list[str], backend: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        return finish(command, Path(folder), KERAS_BACKEND=backend).peak_bytes / _MB


def _streamed(kind: str, cap_mb: int, backend: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        words = large_sets.KINDS[kind](Path(folder), 10 * cap_mb * _MB)
        command = fmtool("train", *words, *_STREAMED, f"runtime.backend={backend}")
        peak = _peak_mb(command, backend)
    return {"set_mb": 10 * cap_mb, "cap_mb": cap_mb, "peak_mb": peak, "stays_under": peak < cap_mb}


if __name__ == "__main__":
    main(sys.argv[1:])
