"""What augmentation costs: throughput of `fmtool train` with it over without, for three kinds.

    python scripts/bench_augment.py --workload cnn --rounds 9
    python scripts/bench_augment.py --workload net94 --rounds 9

All four trainings take turns, an epoch each; everything is as by default but the augmentation.
"""

import sys

from contest import presets, report
from contest.turns import play

_OFF = "augment=none"
_KINDS = {
    "flip, crop, cutout, mixup": ["augment=flip_crop", "augment.cutout=8", "augment.mixup=0.2"],
    "randaugment": ["augment=randaugment"],
    "trivialaugment": ["augment=trivialaugment"],
}


def main(argv: list[str]) -> None:
    arguments = presets.parser(__doc__).parse_args(argv)
    contestants = [
        presets.fmtool("off", arguments, _OFF),
        *(presets.fmtool(name, arguments, *words) for name, words in _KINDS.items()),
    ]
    game = play(contestants, arguments.rounds)
    report.show(
        contestants=game.facts,
        images_per_second=report.speeds(game.rounds),
        ratio={f"{name} over off": report.speed_ratio(game.rounds, name, "off") for name in _KINDS},
    )


if __name__ == "__main__":
    main(sys.argv[1:])
