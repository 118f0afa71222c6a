"""What logging and checkpoints cost: throughput of `fmtool train` with them over without.

    python scripts/bench_logging.py --workload cnn --samples 45000 --rounds 9

Whole epochs, the work at their ends included. `on` is the default: a row every 100 steps in
metrics.jsonl and TensorBoard, a checkpoint each epoch. `off` writes no TensorBoard files, no rows
of steps and no checkpoint before the last epoch, which is not counted; a line and a row of
metrics.jsonl for each epoch remain.
"""

import sys

from contest import presets, report
from contest.turns import play

_OFF = ("logging=quiet", "callbacks.checkpoint.every_epochs=1000000")


def main(argv: list[str]) -> None:
    arguments = presets.parser(__doc__).parse_args(argv)
    contestants = [presets.fmtool("on", arguments), presets.fmtool("off", arguments, *_OFF)]
    game = play(contestants, arguments.rounds)
    report.show(
        contestants=game.facts,
        images_per_second=report.speeds(game.rounds),
        ratio={"on over off": report.speed_ratio(game.rounds, "on", "off")},
    )


if __name__ == "__main__":
    main(sys.argv[1:])
