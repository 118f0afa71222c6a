"""CPU seconds of the commands that must answer at once: help, version, a config error.

python scripts/bench_startup.py --rounds 9
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

COMMANDS = {
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, words in COMMANDS.items():
            seconds[name].append(_cpu_seconds(words))
    medians = {name: round(statistics.median(each), 3) for name, each in seconds.items()}
    print(json.dumps({"cpu_seconds_median": medians, "load": os.getloadavg()[0]}, indent=2))


def _cpu_seconds(words: list[str]) -> float:
    before = os.times()
    subprocess.run([sys.executable, "-m", "fmtool.cli", *words], capture_output=True, check=False)
    after = os.times()
    used = (after.children_user - before.children_user) + (
        after.children_system - before.children_system
    )
    return float(used)


if __name__ == "__main__":
    main()
