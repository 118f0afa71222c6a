"""Steps per second of `fmtool train`, logging on, against `fit(x, y)` of a plain Keras script.

    python scripts/bench_fit.py --backend tensorflow --workload cnn --rounds 9

Each side is a process of its own; they take turns, an epoch each, in alternating order. fmtool's
side is the whole command with the work at the end of its epochs: index batches, callbacks,
checkpoints, metrics.jsonl, TensorBoard files. The plain side holds float32 images in memory and
calls `fit` without a progress bar, in float32, as a script that sets nothing, and in bfloat16.
Neither side validates. Steps are of one size, so ratios of images are ratios of steps.
"""

import sys

from contest import presets, report
from contest.turns import play


def main(argv: list[str]) -> None:
    parser = presets.parser(__doc__)
    parser.add_argument(
        "--plain", nargs="+", choices=presets.PRECISIONS, default=presets.PRECISIONS
    )
    arguments = parser.parse_args(argv)
    rivals = [presets.plain(f"plain {each}", arguments, each) for each in arguments.plain]
    game = play([presets.fmtool("fmtool", arguments), *rivals], arguments.rounds)
    report.show(
        contestants=game.facts,
        images_per_second=report.speeds(game.rounds),
        ratio={
            f"fmtool over {rival.name}": report.speed_ratio(game.rounds, "fmtool", rival.name)
            for rival in rivals
        },
    )


if __name__ == "__main__":
    main(sys.argv[1:])
