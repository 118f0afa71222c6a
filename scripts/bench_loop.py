"""Small-step efficiency: `fmtool train` over a bare loop in the same backend, same precision.

    python scripts/bench_loop.py --backend jax --workload mlp --samples 32000 --rounds 9

The bare loops compute gradients and update; they log nothing, save nothing, do not shuffle and
keep no metrics (`contest/keras_loop.py`). On torch there are two: the Keras network called in a
plain loop, and PyTorch's own layers and optimizer (`contest/torch_loop.py`).
"""

import sys

from contest import presets, report
from contest.turns import Candidate, play


def main(argv: list[str]) -> None:
    parser = presets.parser(__doc__)
    parser.add_argument("--precision", default="float32", choices=presets.PRECISIONS)
    arguments = parser.parse_args(argv)
    words = presets.words(arguments)
    precision = f"--precision={arguments.precision}"
    ours = presets.fmtool("fmtool", arguments, f"runtime.precision={arguments.precision}")
    backend = f"--backend={arguments.backend}"
    loops = [Candidate("bare loop", "keras_loop", [backend, precision, *words])]
    if arguments.backend == "torch":
        network = f"--network={arguments.workload}"
        loops.append(Candidate("bare native loop", "torch_loop", [network, precision, *words]))
    game = play([ours, *loops], arguments.rounds)
    report.show(
        contestants=game.facts,
        images_per_second=report.speeds(game.rounds),
        ratio={
            f"fmtool over {loop.name}": report.speed_ratio(game.rounds, "fmtool", loop.name)
            for loop in loops
        },
    )


if __name__ == "__main__":
    main(sys.argv[1:])
