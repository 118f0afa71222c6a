"""Share of the machine's peak that training the 94-net reaches, and of the best path of Keras.

    python scripts/bench_utilisation.py --batch-size 512 --precision bfloat16 --rounds 5

The peak is the fastest matrix product that TensorFlow or PyTorch does on all cores, in the
precision of the training, in the same round. The operations of a step are those of its
convolutions and dense layers, three times the forward pass. Keras' best path is the faster, in
each round, of `fit(x, y)` with 32 steps per execution and a bare loop around a compiled step.
"""

import argparse
import sys
from typing import Any

from contest import presets, report
from contest.turns import Candidate, Round, play

_KERAS = ("keras fit", "keras loop")
_PEAKS = ("peak tensorflow", "peak torch")


def main(argv: list[str]) -> None:
    parser = presets.parser(__doc__)
    parser.set_defaults(workload="net94", samples=10240)
    parser.add_argument("--batch-size", type=int, default=512)
    parser.add_argument("--precision", default="float32", choices=presets.PRECISIONS)
    arguments = parser.parse_args(argv)
    arguments.overrides.append(f"batch_size={arguments.batch_size}")
    game = play(_contestants(arguments), arguments.rounds)
    operations = game.facts["keras loop"]["operations_per_image"]

    def share(told: Round, name: str) -> float:
        peak = max(told[each][arguments.precision] for each in _PEAKS)
        return float(report.speed(told[name]) * operations / peak)

    trained = ("fmtool", *_KERAS)
    report.show(
        contestants=game.facts,
        peak_gflops={name: _gflops(game.rounds, name, arguments.precision) for name in _PEAKS},
        images_per_second=report.speeds(
            [{name: told[name] for name in trained} for told in game.rounds]
        ),
        share_of_peak={
            name: report.spread(share(told, name) for told in game.rounds) for name in trained
        },
        ratio={"fmtool over best of keras": report.spread(map(_over_keras, game.rounds))},
    )


def _contestants(arguments: argparse.Namespace) -> list[Candidate]:
    precision, words = arguments.precision, presets.words(arguments)
    loop = [f"--backend={arguments.backend}", f"--precision={precision}", *words]
    return [
        presets.fmtool("fmtool", arguments, f"runtime.precision={precision}"),
        presets.plain("keras fit", arguments, precision, "--steps-per-execution=32"),
        Candidate("keras loop", "keras_loop", loop),
        *(Candidate(each, "matmul", [each.split()[1]]) for each in _PEAKS),
    ]


def _over_keras(told: Round) -> float:
    best = max(report.speed(told[each]) for each in _KERAS)
    return report.speed(told["fmtool"]) / best


def _gflops(rounds: list[Round], name: str, precision: str) -> dict[str, Any]:
    return report.spread(told[name][precision] / 1e9 for told in rounds)


if __name__ == "__main__":
    main(sys.argv[1:])
