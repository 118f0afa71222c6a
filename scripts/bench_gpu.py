"""CIFAR-10 to 94 % on a GPU: training and report of the speed run over seeds, without compiling.

    python scripts/bench_gpu.py --backend jax --seeds 10

`training_seconds` are those of all epochs with logging and checkpoints, at the rate of those after
the first, which compiles; `report_seconds` those of the logits of the test images over all views,
computed a second time (`contest/speed_run.py`). `warm` is the command once more, from its start to
model.keras and to its end, with what was compiled before.

No network and no TensorFlow are needed there. On a machine that has both:

    pip wheel --wheel-dir wheels . jax[cuda12]        # or torch
    fmtool data fetch cifar10 && cp -r ~/.cache/fmtool/data data

then, with `wheels`, `data` and `scripts` copied over:

    pip install --no-deps --no-index wheels/*.whl     # without those of TensorFlow
    FMTOOL_DATA=data FMTOOL_OFFLINE=1 python scripts/bench_gpu.py
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from contest import presets, report
from contest.processes import finish, fmtool
from contest.turns import Candidate, tell


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--backend", default="jax", choices=presets.BACKENDS)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("overrides", nargs="*", default=["experiment=cifar10_speedrun"])
    arguments = parser.parse_args(argv)
    words = [*arguments.overrides, f"runtime.backend={arguments.backend}"]
    runs = []
    speed_run = Candidate("speed run", "speed_run", [str(arguments.seeds), *words])
    for told in tell(speed_run, times=arguments.seeds):
        print(told, file=sys.stderr, flush=True)
        runs.append(told)
    command = fmtool("train", *words)
    report.show(
        runs=runs,
        accuracy_mean=sum(each["accuracy"] for each in runs) / len(runs),
        accuracy=report.spread(each["accuracy"] for each in runs),
        seconds=report.spread(each["training_seconds"] + each["report_seconds"] for each in runs),
        share_of_peak=report.spread(map(_share_of_peak, runs)),
        warm=_timed(command),
    )


def _share_of_peak(run: dict[str, Any]) -> float:
    """Of training alone."""
    gflops = run["images"] * run["operations_per_image"] / run["training_seconds"] / 1e9
    return float(gflops / run["peak_gflops"])


def _timed(command: list[str]) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        began = time.time()
        finished = finish(command, Path(folder))
        (model,) = Path(folder).glob("runs/2*/model.keras")
        until_model = model.stat().st_mtime - began
    return {"seconds_until_model": round(until_model, 2), "seconds": round(finished.seconds, 2)}


if __name__ == "__main__":
    main(sys.argv[1:])
