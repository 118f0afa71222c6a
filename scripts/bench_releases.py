"""Steps per second of `fmtool train` in this environment, against another environment's fmtool.

    python scripts/bench_releases.py --other /tmp/before/bin/python --workload cnn --rounds 5

Says whether a change made trainings slower. Both are whole commands, logging on, processes of
their own that take turns, an epoch each, in alternating order. The other environment needs the
same libraries and an fmtool whose `train` has the same parts.
"""

import dataclasses
import sys

from contest import presets, report
from contest.turns import play


def main(argv: list[str]) -> None:
    parser = presets.parser(__doc__)
    parser.add_argument("--other", required=True, help="interpreter of the other environment")
    arguments = parser.parse_args(argv)
    here = presets.fmtool("here", arguments)
    other = dataclasses.replace(here, name="other", python=arguments.other)
    game = play([here, other], arguments.rounds)
    report.show(
        contestants=game.facts,
        images_per_second=report.speeds(game.rounds),
        ratio={"here over other": report.speed_ratio(game.rounds, "here", "other")},
    )


if __name__ == "__main__":
    main(sys.argv[1:])
