"""The three trainings that are measured, and how a benchmark is told which one."""

import argparse

from contest.turns import Candidate

BACKENDS = ("tensorflow", "jax", "torch")
PRECISIONS = ("float32", "bfloat16")

WORKLOADS = {
    "cnn": ("model=cnn", "data=cifar10", "batch_size=64"),
    "mlp": ("model=mlp", "model.units=[128]", "data=mnist", "batch_size=32"),
    "net94": ("model=airbench", "data=cifar10", "batch_size=512"),
}


def parser(description: str | None) -> argparse.ArgumentParser:
    """The options that benchmarks of a training share."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--backend", default="tensorflow", choices=BACKENDS)
    parser.add_argument("--workload", default="cnn", choices=WORKLOADS)
    parser.add_argument("--samples", type=int, default=25600, help="training images an epoch")
    parser.add_argument("--rounds", type=int, default=5, help="counted, after one that is not")
    parser.add_argument("overrides", nargs="*", help="further overrides of `fmtool train`")
    return parser


def words(arguments: argparse.Namespace) -> list[str]:
    """The overrides that both sides of a comparison are given."""
    words = [*WORKLOADS[arguments.workload], f"data.limit={arguments.samples}"]
    return [*words, *arguments.overrides]


def fmtool(name: str, arguments: argparse.Namespace, *overrides: str) -> Candidate:
    """`fmtool train` of the workload, without validation."""
    fixed = [
        f"runtime.backend={arguments.backend}",
        "data.validation_fraction=0",
        # The last epoch, which has the end of a run in it, is not reached.
        f"epochs={arguments.rounds + 2}",
    ]
    return Candidate(name, "fmtool_train", [*words(arguments), *fixed, *overrides])


def plain(name: str, arguments: argparse.Namespace, precision: str, *options: str) -> Candidate:
    """`fit(x, y)` of a Keras script on the workload."""
    fixed = [f"--backend={arguments.backend}", f"--precision={precision}"]
    turns = f"--turns={arguments.rounds + 1}"
    return Candidate(name, "keras_fit", [*fixed, turns, *options, *words(arguments)])
