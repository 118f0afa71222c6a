"""Steps per second of fmtool's training, logging on, against a bare Keras script, same network.

    python scripts/bench_train.py --backend tensorflow --samples 6400 --rounds 9

Both live in one process and take turns, an epoch each, in alternating order: what else happens on
the machine meets both alike. fmtool's side is what `fmtool train` runs: index batches, callbacks,
checkpoint of each epoch, metrics.jsonl, TensorBoard files. The bare side holds float32 images in
memory and calls `fit(x, y)`. The ratio of a round is fmtool's rate over the bare one; the first
round, which compiles, is not counted. Only training steps are timed: fmtool's checkpoint and log
rows at the end of an epoch are written but not in its time, and the terminal display is off.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

BATCH_SIZE = 64
HELD_OUT = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", default="tensorflow", choices=("tensorflow", "jax", "torch"))
    parser.add_argument("--samples", type=int, default=6400, help="training images an epoch")
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        ours = _fmtool(arguments.backend, arguments.samples, Path(directory))
        contestants = [("bare", _bare(arguments.samples)), ("fmtool", ours)]
        rounds = []
        for number in range(arguments.rounds + 1):
            order = contestants if number % 2 else contestants[::-1]
            rates = {name: epoch(number) for name, epoch in order}
            print(number, {name: round(rate, 1) for name, rate in rates.items()}, file=sys.stderr)
            rounds.append(rates)
    counted = rounds[1:]
    ratios = [rates["fmtool"] / rates["bare"] for rates in counted]
    result = {
        "backend": arguments.backend,
        "samples": arguments.samples,
        "bare_steps_per_second": statistics.median(rates["bare"] for rates in counted),
        "fmtool_steps_per_second": statistics.median(rates["fmtool"] for rates in counted),
        "ratio_median": statistics.median(ratios),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
        "rounds": len(counted),
        "load": os.getloadavg()[0],
    }
    print(json.dumps(result))


def _fmtool(backend: str, samples: int, directory: Path) -> Callable[[int], float]:
    from fmtool import validate
    from fmtool.config.compose import compose
    from fmtool.logging.metrics_log import MetricsLog
    from fmtool.logging.tensorboard import TensorBoardSink
    from fmtool.runs.checkpoints import CheckpointStore
    from fmtool.runs.layout import RunPaths
    from fmtool.signals import SignalGuard
    from fmtool.training.session import load_data, prepare

    size = samples + HELD_OUT
    settings = [
        "data=cifar10",
        f"data.limit={size}",
        f"data.validation_fraction={HELD_OUT / size}",
        f"batch_size={BATCH_SIZE}",
        f"runtime.backend={backend}",
    ]
    cfg = validate.train_config(compose("train", settings))
    session = prepare(cfg, load_data(cfg))

    from fmtool.training import reporting
    from fmtool.training.callbacks import assemble

    paths = RunPaths(directory)
    sinks = [
        MetricsLog(paths.metrics, paths.history),
        TensorBoardSink(paths.tensorboard, config_text="", model_summary=""),
    ]
    store = CheckpointStore(paths.checkpoints, keep=2)
    loop = assemble(session, sinks, store, SignalGuard(), facts={"rollbacks": 0})
    plan = reporting.plan_of(session)
    for sink in sinks:
        sink.start(plan)

    def epoch(number: int) -> float:
        session.model.fit(
            session.train_feed(),
            initial_epoch=number,
            epochs=number + 1,
            validation_data=session.validation_feed,
            callbacks=list(loop.callbacks),
            shuffle=False,
            verbose=0,
        )
        assert loop.recorder.last_row is not None
        return float(loop.recorder.last_row["images_per_second"]) / BATCH_SIZE

    return epoch


def _bare(samples: int) -> Callable[[int], float]:
    """What a user writes by hand: the same layers, Adam, float32 arrays, `fit`."""
    import keras

    from fmtool.data.catalog import load

    train = load("cifar10", source="auto").train
    x = np.asarray(train.x[:samples], dtype=np.float32) / 255
    y = np.asarray(train.y[:samples])
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    moments: list[float] = []

    def note_time(*_: Any) -> None:
        moments.append(time.perf_counter())

    clock = keras.callbacks.LambdaCallback(on_epoch_begin=note_time, on_epoch_end=note_time)

    def epoch(number: int) -> float:
        moments.clear()
        model.fit(x, y, batch_size=BATCH_SIZE, epochs=1, verbose=0, callbacks=[clock])
        return -(-samples // BATCH_SIZE) / (moments[1] - moments[0])

    return epoch


if __name__ == "__main__":
    main()
