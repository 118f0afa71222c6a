"""Steps per second of `fmtool train`, logging on, against a bare Keras script, same network.

    python scripts/bench_train.py --backend tensorflow --samples 45000 --rounds 5

Each round runs both once, one after the other and in alternating order; the ratio of a round is
ours over the bare script's, and the median ratio is reported. The first epoch, which compiles,
is not counted. The bare script holds float32 images in memory and calls `fit(x, y)`.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BATCH_SIZE = 64


def main() -> None:
    arguments = _arguments()
    if arguments.bare:
        _bare(arguments)
        return
    rounds = []
    for number in range(arguments.rounds):
        runners = [("bare", _time_bare), ("fmtool", _time_fmtool)]
        rates = {name: run(arguments) for name, run in (runners, runners[::-1])[number % 2]}
        rounds.append(rates)
        ratio = rates["fmtool"] / rates["bare"]
        print(
            f"round {number + 1}: bare {rates['bare']:.1f}, fmtool {rates['fmtool']:.1f} steps/s, "
            f"ratio {ratio:.3f}, load {os.getloadavg()[0]:.1f}",
            file=sys.stderr,
        )
    ratios = [rates["fmtool"] / rates["bare"] for rates in rounds]
    print(
        json.dumps(
            {
                "backend": arguments.backend,
                "samples": arguments.samples,
                "bare_steps_per_second": statistics.median(r["bare"] for r in rounds),
                "fmtool_steps_per_second": statistics.median(r["fmtool"] for r in rounds),
                "ratio_median": statistics.median(ratios),
                "ratio_min": min(ratios),
                "ratio_max": max(ratios),
                "rounds": len(rounds),
            }
        )
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", default="tensorflow", choices=("tensorflow", "jax", "torch"))
    parser.add_argument("--samples", type=int, default=45_000, help="training images an epoch")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bare", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _time_bare(arguments: argparse.Namespace) -> float:
    words = ["--bare", "--backend", arguments.backend, "--samples", str(arguments.samples)]
    words += ["--epochs", str(arguments.epochs)]
    return float(_output([sys.executable, __file__, *words]))


def _time_fmtool(arguments: argparse.Namespace) -> float:
    # The held-out part is small and its time is not counted, on either side.
    size = arguments.samples + 500
    with tempfile.TemporaryDirectory() as runs:
        command = [sys.executable, "-m", "fmtool.cli", "train", "--json"]
        settings = [
            "data=cifar10",
            f"data.limit={size}",
            f"data.validation_fraction={500 / size}",
            f"batch_size={BATCH_SIZE}",
            f"epochs={arguments.epochs}",
            f"runtime.backend={arguments.backend}",
            f"runs_dir={runs}",
        ]
        result = json.loads(_output([*command, *settings]))
        lines = (Path(result["run_directory"]) / "metrics.jsonl").read_text().splitlines()
    epochs = [row for row in map(json.loads, lines) if row["kind"] == "epoch"]
    return statistics.median(row["images_per_second"] for row in epochs[1:]) / BATCH_SIZE


def _output(command: list[str]) -> str:
    return subprocess.run(
        command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ).stdout


def _bare(arguments: argparse.Namespace) -> None:
    """What a user writes by hand: the same layers, Adam, float32 arrays, `fit`."""
    os.environ |= {"KERAS_BACKEND": arguments.backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    import keras
    import numpy as np

    from fmtool.data.catalog import load

    train = load("cifar10", source="auto").train
    x = np.asarray(train.x[: arguments.samples], dtype=np.float32) / 255
    y = np.asarray(train.y[: arguments.samples])
    keras.utils.set_random_seed(0)
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
    clock = _EpochClock(keras)
    model.fit(
        x, y, batch_size=BATCH_SIZE, epochs=arguments.epochs, verbose=0, callbacks=[clock.callback]
    )
    steps = -(-arguments.samples // BATCH_SIZE)
    print(steps / statistics.median(clock.seconds[1:]))


class _EpochClock:
    def __init__(self, keras: object) -> None:
        self.seconds: list[float] = []
        self._began = 0.0
        self.callback = keras.callbacks.LambdaCallback(  # type: ignore[attr-defined]
            on_epoch_begin=lambda *_: self._begin(), on_epoch_end=lambda *_: self._end()
        )

    def _begin(self) -> None:
        self._began = time.perf_counter()

    def _end(self) -> None:
        self.seconds.append(time.perf_counter() - self._began)


if __name__ == "__main__":
    main()
