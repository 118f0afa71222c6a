"""What a search finds for the same number of trained epochs, and what it costs beside training.

    pip install '.[tune]' keras-tuner
    python scripts/bench_tune.py quality --seeds 3 --trials 30
    python scripts/bench_tune.py overhead --rounds 5 --trials 6

`quality`: cnn on a tenth of Fashion-MNIST, up to 9 epochs a trial, four searches of one space.
`fmtool tune` with its defaults (TPE and ASHA) makes --trials trials; the epochs that they took in
all are the budget of the others: `fmtool tune tuner=random pruner=none`, KerasTuner's Hyperband,
and Optuna in a script by hand (its default sampler, successive halving with its default keys),
both with a plain Keras model and `fit` in one process. `found` is the best validation accuracy of
any epoch within the budget; since that is the luckiest of many draws, the point it was found at is
trained anew by `fmtool train` with two other seeds, and `test` is their mean on the test split.

`overhead`: the time of `fmtool tune` over a grid of equal points, over that of as many
`fmtool train` with the same words, one after another; taken in turns.
"""

import argparse
import contextlib
import csv
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EPOCHS = 9
LINE = ("model=cnn", "data=fashion_mnist", "data.fraction=0.1", f"epochs={EPOCHS}", "logging=quiet")
FILTERS, DENSE, BATCHES = ("[16,32]", "[32,64]"), ("[64]", "[128]", "[256]"), ("32", "64", "128")
SPACE = (
    "optimizer.learning_rate=1e-4..1e-1:log",
    "model.dropout=0..0.6",
    f"model.filters={','.join(FILTERS)}",
    f"model.dense_units={','.join(DENSE)}",
    f"batch_size={','.join(BATCHES)}",
)
TEST_SEEDS = (101, 102)


def fmtool(*words, folder):
    """stdout of a command that has to succeed, or to miss no more than a trial."""
    command = [sys.executable, "-P", "-m", "fmtool.cli", *words]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, 3):
        raise SystemExit(f"{' '.join(words)} ended with {done.returncode}: {done.stdout}")
    return done.stdout


def study(seed, trials, *options, folder):
    """(validation accuracy, epochs, point) of each trial of a study, in their order."""
    name = f"s{seed}"
    fmtool("tune", f"study={name}", *LINE, *SPACE, f"seed={seed}", f"budget.trials={trials}",
           "tune.plots=false", *options, "--json", folder=folder)  # fmt: skip
    table = folder / "runs" / "studies" / name / "trials.csv"
    keys = [word.partition("=")[0] for word in SPACE]
    rows = list(csv.DictReader(table.open()))
    return [
        (float(row["val_accuracy"] or 0), int(row["epochs"]), {key: row[key] for key in keys})
        for row in rows
    ]


def within(found, budget):
    """The best of the trials that the budget of epochs has room for."""
    best, spent = (0.0, 0, {}), 0
    for each in found:
        spent += each[1]
        if spent > budget:
            break
        best = max(best, each, key=lambda one: one[0])
    return best


def by_hand(method, seed, budget, folder):
    """The best of a search in a process of its own; see `search`."""
    command = [sys.executable, __file__, method, "--seed", str(seed), "--budget", str(budget)]
    done = subprocess.run(
        [*command, "--folder", str(folder)], stdout=subprocess.PIPE, text=True, check=True
    )
    score, point = json.loads(done.stdout.splitlines()[-1])
    return score, point


def test_of(point, folder):
    """Mean test accuracy of a point, trained anew."""
    words = [f"{key}={value}" for key, value in point.items()]
    scores = []
    for seed in TEST_SEEDS:
        out = fmtool("train", *LINE, *words, f"seed={seed}", "--json", folder=folder)
        scores.append(json.loads(out)["metrics"]["accuracy"])
    return statistics.fmean(scores)


def quality(arguments):
    results = {}
    for seed in range(arguments.seeds):
        folder = Path(tempfile.mkdtemp(prefix="bench-tune-"))
        try:
            for method, (score, point, seconds) in contest(seed, arguments.trials, folder).items():
                row = {"found": score, "test": test_of(point, folder), "seconds": seconds}
                results.setdefault(method, []).append(row)
                print(json.dumps({"seed": seed, "method": method, **row, **point}), flush=True)
        finally:
            shutil.rmtree(folder)
    for method, rows in results.items():
        for name in ("found", "test", "seconds"):
            values = [row[name] for row in rows]
            sd = statistics.stdev(values) if len(values) > 1 else 0.0
            print(f"{method:<22} {name:<8} {statistics.fmean(values):.4f} ± {sd:.4f}")


def contest(seed, trials, folder):
    """By method its best score, the point of it, and the seconds it took."""
    began = time.perf_counter()
    ours = study(seed, trials, folder=made(folder / "a"))
    budget = sum(epochs for _, epochs, _ in ours)
    print(f"seed {seed}: {trials} trials took {budget} epochs", file=sys.stderr, flush=True)
    score, _, point = within(ours, budget)
    found = {"fmtool tune": (score, point, time.perf_counter() - began)}
    began = time.perf_counter()
    plain = ("tuner=random", "pruner=none")
    drawn = study(seed, budget // EPOCHS, *plain, folder=made(folder / "b"))
    score, _, point = within(drawn, budget)
    found["random search"] = (score, point, time.perf_counter() - began)
    for method in ("hyperband", "optuna"):
        began = time.perf_counter()
        score, point = by_hand(method, seed, budget, folder / method)
        found[method] = (score, point, time.perf_counter() - began)
    return found


def made(folder):
    folder.mkdir(parents=True)
    return folder


class BudgetIsSpent(BaseException):
    """No Exception, which the tuners would take for a failed trial."""


def search(arguments):
    """A search by hand: prints the best score and its point as the last line."""
    import keras

    from fmtool import validate
    from fmtool.config.compose import compose
    from fmtool.training.session import load_data

    data = load_data(validate.train_config(compose("train", [*LINE, f"seed={arguments.seed}"])))
    rows, (held_out, held_rows) = data.selection.train, data.validation
    scaled = {
        "x": data.splits.train.x[rows].astype("float32") / 255,
        "y": data.splits.train.y[rows],
        "validation_data": (held_out.x[held_rows].astype("float32") / 255, held_out.y[held_rows]),
    }
    spent, best = 0, (0.0, {})

    class Count(keras.callbacks.Callback):
        def __init__(self, point):
            super().__init__()
            self.point = point

        def on_epoch_end(self, epoch, logs=None):
            nonlocal spent, best
            spent += 1
            best = max(best, (logs["val_accuracy"], self.point), key=lambda one: one[0])
            if spent >= arguments.budget:
                raise BudgetIsSpent

    def build(point):
        keras.utils.set_random_seed(arguments.seed)
        shape, classes = data.splits.element.shape, data.splits.num_classes
        layers = [keras.Input(shape)]
        for filters in json.loads(point["model.filters"]):
            layers += [
                keras.layers.Conv2D(filters, 3, padding="same", activation="relu"),
                keras.layers.MaxPooling2D(),
            ]
        rate = point["model.dropout"]
        layers += [keras.layers.Flatten(), keras.layers.Dropout(rate)]
        for units in json.loads(point["model.dense_units"]):
            layers += [keras.layers.Dense(units, activation="relu"), keras.layers.Dropout(rate)]
        model = keras.Sequential([*layers, keras.layers.Dense(classes)])
        model.compile(
            keras.optimizers.Adam(point["optimizer.learning_rate"]),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        return model

    searches = {"hyperband": hyperband, "optuna": optuna_by_hand}
    with contextlib.suppress(BudgetIsSpent):
        searches[arguments.method](arguments, build, scaled, Count)
    print(json.dumps(best))


def hyperband(arguments, build, scaled, count):
    import keras_tuner

    def point_of(hp):
        return {
            "optimizer.learning_rate": hp.Float("rate", 1e-4, 1e-1, sampling="log"),
            "model.dropout": hp.Float("dropout", 0.0, 0.6),
            "model.filters": hp.Choice("filters", list(FILTERS)),
            "model.dense_units": hp.Choice("dense", list(DENSE)),
            "batch_size": hp.Choice("batch", list(BATCHES)),
        }

    class Model(keras_tuner.HyperModel):
        def build(self, hp):
            return build(point_of(hp))

        def fit(self, hp, model, *args, callbacks=(), **kwargs):
            point = point_of(hp)
            return model.fit(
                *args, batch_size=int(point["batch_size"]), callbacks=[*callbacks, count(point)],
                **kwargs,
            )  # fmt: skip

    tuner = keras_tuner.Hyperband(
        Model(), objective="val_accuracy", max_epochs=EPOCHS, factor=3, hyperband_iterations=99,
        seed=arguments.seed, directory=arguments.folder, project_name="hyperband",
    )  # fmt: skip
    tuner.search(**scaled, verbose=0)


def optuna_by_hand(arguments, build, scaled, count):
    import keras
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    chosen = {
        "sampler": optuna.samplers.TPESampler(seed=arguments.seed),
        "pruner": optuna.pruners.SuccessiveHalvingPruner(),
    }
    study = optuna.create_study(direction="maximize", **chosen)

    class Report(keras.callbacks.Callback):
        def __init__(self, trial):
            super().__init__()
            self.trial = trial

        def on_epoch_end(self, epoch, logs=None):
            self.trial.report(logs["val_accuracy"], epoch + 1)
            self.model.stop_training = self.trial.should_prune()

    def objective(trial):
        point = {
            "optimizer.learning_rate": trial.suggest_float("rate", 1e-4, 1e-1, log=True),
            "model.dropout": trial.suggest_float("dropout", 0.0, 0.6),
            "model.filters": trial.suggest_categorical("filters", FILTERS),
            "model.dense_units": trial.suggest_categorical("dense", DENSE),
            "batch_size": trial.suggest_categorical("batch", BATCHES),
        }
        history = build(point).fit(
            **scaled, batch_size=int(point["batch_size"]), epochs=EPOCHS, verbose=0,
            callbacks=[count(point), Report(trial)],
        )  # fmt: skip
        if len(history.epoch) < EPOCHS:
            raise optuna.TrialPruned
        return max(history.history["val_accuracy"])

    study.optimize(objective)


def overhead(arguments):
    ratios = []
    words = ("pruner=none", "tuner=grid", f"tuner.points={arguments.trials}")
    for number in range(arguments.rounds):
        folder = Path(tempfile.mkdtemp(prefix="bench-tune-"))
        began = time.perf_counter()
        fmtool("tune", *LINE, "model.dropout=0.1..0.1000001", *words, "--json", folder=folder)
        tuned = time.perf_counter() - began
        began = time.perf_counter()
        for _ in range(arguments.trials):
            fmtool("train", *LINE, "model.dropout=0.1", "report.test=false", "logging.plots=false",
                   "monitor=val_accuracy", "--json", folder=folder)  # fmt: skip
        trained = time.perf_counter() - began
        shutil.rmtree(folder)
        ratios.append(tuned / trained)
        print(f"round {number}: tune {tuned:.1f} s, train {trained:.1f} s", flush=True)
    print(f"tune over train, {arguments.trials} trials: {statistics.median(ratios):.3f} "
          f"({min(ratios):.3f} to {max(ratios):.3f})")  # fmt: skip


def main(argv):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = parser.add_subparsers(dest="method", required=True)
    for name, run in (("quality", quality), ("overhead", overhead)):
        kind = kinds.add_parser(name)
        kind.set_defaults(run=run)
        kind.add_argument("--trials", type=int, default=30 if name == "quality" else 6)
    kinds.choices["quality"].add_argument("--seeds", type=int, default=3)
    kinds.choices["overhead"].add_argument("--rounds", type=int, default=5)
    for name in ("hyperband", "optuna"):
        kind = kinds.add_parser(name)
        kind.set_defaults(run=search)
        kind.add_argument("--seed", type=int, required=True)
        kind.add_argument("--budget", type=int, required=True)
        kind.add_argument("--folder", required=True)
    arguments = parser.parse_args(argv)
    arguments.run(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
