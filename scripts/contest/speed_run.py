"""Candidate that takes no turns: whole trainings and their final reports, timed without compiling.

Arguments are the number of seeds and overrides; each seed is told on a line of its own.
`training_seconds` are those of all epochs, with the logging and the checkpoints at their ends, at
the rate of the epochs after the first, which compiles; `report_seconds` those of the logits of the
test split, over all views, computed a second time.
"""

import json
import sys
import time
from functools import cache
from typing import Any

from contest.player import Runner
from fmtool import validate
from fmtool.config.compose import compose
from fmtool.runs.layout import RunPaths
from fmtool.training.workflow import Outcome, Request, train


def main(count: str, *words: str) -> None:
    player = Runner()
    for seed in range(int(count)):
        cfg = validate.train_config(compose("train", [*words, f"seed={seed}"]))
        outcome = train(cfg, Request())
        assert outcome.summary is not None, "a new run has a report"
        rows = _epochs(outcome)
        training = (rows[-1]["seconds"] - rows[0]["seconds"]) * len(rows) / (len(rows) - 1)
        player.tell(
            seed=seed,
            accuracy=outcome.summary["accuracy"],
            training_seconds=round(training, 3),
            images=rows[-1]["step"] * cfg.batch_size,
            **_of_the_model(cfg, outcome),
        )


def _epochs(outcome: Outcome) -> list[dict[str, Any]]:
    lines = RunPaths(outcome.run_directory).metrics.read_text().splitlines()
    rows = [row for row in map(json.loads, lines) if row["kind"] == "epoch"]
    if len(rows) < 2:
        sys.exit("the first epoch compiles, so there have to be two")
    return rows


def _of_the_model(cfg: Any, outcome: Outcome) -> dict[str, Any]:
    """How long its logits take, its operations and the peak to compare them with."""
    import keras

    from fmtool import registry
    from fmtool.evaluation import views
    from fmtool.evaluation.measure import load_model, predict
    from fmtool.machine.devices import gpus
    from fmtool.machine.flops import model_flops

    model = load_model(RunPaths(outcome.run_directory).model)
    images = registry.module("data", cfg.data.name).load(cfg.data).test.x
    averaging = views.averaging(model, cfg.tta)
    at_once = max(1, cfg.eval_batch_size // views.count(cfg.tta))
    for _ in range(2):
        began = time.perf_counter()
        predict(averaging, images, batch_size=at_once)
        seconds = time.perf_counter() - began
    names = [gpu.name for gpu in gpus()]
    precision = keras.config.dtype_policy().name.removeprefix("mixed_")
    return {
        "report_seconds": round(seconds, 3),
        "operations_per_image": model_flops(model).training,
        "peak_gflops": _peak_gflops("gpu" if names else "cpu", precision),
        "precision": precision,
        "device": names or "cpu",
    }


@cache
def _peak_gflops(device: str, precision: Any) -> float:
    from fmtool.machine.probes import peak

    return round(peak(device, precision) / 1e9, 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
