"""Epochs of `fmtool train` and of `fit(x, y)` in a plain Keras script, each run straight through.

    python scripts/bench_straight.py --backend tensorflow --workload cnn --rounds 3 --epochs 8

In each round every side runs as one process from its first epoch to its last, as people run them;
nothing else runs meanwhile, and the order alternates. `bench_fit.py` has the sides take turns
instead, which lets a plain script on TensorFlow stand still more often: the end of an iterator of
tf.data waits for a thread that sleeps longer the longer it has had nothing to do.

Of each side the speed of undisturbed epochs (the median of those that took at most 1.15 times as
long as the fastest one of the same process) and the speed with all waiting (all images by all
seconds) are told, how many of its epochs were disturbed, and the share of the machine's peak: the
fastest matrix product, in the precision of the side, measured before each round.
"""

import statistics
import sys
from collections.abc import Sequence
from typing import Any

from contest import presets, report
from contest.turns import Candidate, run_straight, tell

_DISTURBED = 1.15
"""An epoch that takes so many times as long as the fastest of its process was disturbed."""
_PEAK = "tensorflow"


def main(argv: list[str]) -> None:
    parser = presets.parser(__doc__)
    parser.add_argument("--epochs", type=int, default=8, help="counted, after one that is not")
    parser.add_argument(
        "--plain", nargs="+", choices=presets.PRECISIONS, default=presets.PRECISIONS
    )
    arguments = parser.parse_args(argv)
    rounds, arguments.rounds = arguments.rounds, arguments.epochs
    rivals = [presets.plain(f"plain {each}", arguments, each) for each in arguments.plain]
    sides = [presets.fmtool("fmtool", arguments), *rivals]
    work = [f"--backend={arguments.backend}", *presets.words(arguments)]
    (counted,) = tell(Candidate("operations", "keras_loop", work), times=1)
    told: dict[str, list[dict[str, Any]]] = {side.name: [] for side in sides}
    facts: dict[str, dict[str, Any]] = {}
    for number in range(rounds):
        _, (peak,) = run_straight(Candidate("peak", "matmul", [_PEAK]), 1)
        for side in sides[:: -1 if number % 2 else 1]:
            facts[side.name], epochs = run_straight(side, arguments.epochs)
            operations = counted["operations_per_image"] / peak[facts[side.name]["precision"]]
            told[side.name].append(_of_process(epochs, operations))
    report.show(
        contestants=facts,
        sides={name: _summary(processes) for name, processes in told.items()},
        ratio={
            f"fmtool over {rival.name}": {
                kind: report.spread(
                    ours[kind] / theirs[kind]
                    for ours, theirs in zip(told["fmtool"], told[rival.name], strict=True)
                )
                for kind in ("undisturbed", "with_waiting")
            }
            for rival in rivals
        },
    )


def _of_process(epochs: Sequence[dict[str, Any]], peak_seconds_per_image: float) -> dict[str, Any]:
    """Figures of one process; speeds in images a second."""
    fastest = min(each["seconds"] for each in epochs)
    calm = [each for each in epochs if each["seconds"] <= _DISTURBED * fastest]
    undisturbed = statistics.median(report.speed(each) for each in calm)
    return {
        "undisturbed": undisturbed,
        "with_waiting": sum(each["images"] for each in epochs)
        / sum(each["seconds"] for each in epochs),
        "disturbed_epochs": len(epochs) - len(calm),
        "epochs": len(epochs),
        "share_of_peak": undisturbed * peak_seconds_per_image,
    }


def _summary(processes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "images_per_second_undisturbed": report.spread(each["undisturbed"] for each in processes),
        "images_per_second_with_waiting": report.spread(each["with_waiting"] for each in processes),
        "disturbed_epochs": sum(each["disturbed_epochs"] for each in processes),
        "epochs": sum(each["epochs"] for each in processes),
        "share_of_peak": report.spread(each["share_of_peak"] for each in processes),
    }


if __name__ == "__main__":
    main(sys.argv[1:])
