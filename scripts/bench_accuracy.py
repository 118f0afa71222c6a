"""Test accuracy of the main job over seeds, and whether `evaluate` repeats it exactly.

python scripts/bench_accuracy.py --backend tensorflow --seeds 0 1 2
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", default="tensorflow", choices=("tensorflow", "jax", "torch"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("overrides", nargs="*", default=["model=cnn", "data=cifar10"])
    arguments = parser.parse_args()
    accuracies, seconds = [], []
    with tempfile.TemporaryDirectory() as runs:
        for seed in arguments.seeds:
            words = [*arguments.overrides, f"seed={seed}", f"runtime.backend={arguments.backend}"]
            trained = _fmtool("train", *words, f"runs_dir={runs}")
            measured = _fmtool("evaluate", f"run={trained['run_directory']}")
            for name, value in trained["metrics"].items():
                if measured[name] != value:
                    sys.exit(f"seed {seed}: evaluate says {name} {measured[name]}, train {value}")
            accuracies.append(trained["metrics"]["accuracy"])
            seconds.append(trained["seconds"])
            print(f"seed {seed}: {accuracies[-1]:.4f} in {seconds[-1]:.0f} s", file=sys.stderr)
    print(
        json.dumps(
            {
                "backend": arguments.backend,
                "overrides": arguments.overrides,
                "seeds": arguments.seeds,
                "accuracies": accuracies,
                "mean": statistics.mean(accuracies),
                "sd": statistics.stdev(accuracies) if len(accuracies) > 1 else None,
                "seconds_median": statistics.median(seconds),
                "evaluate_repeats_exactly": True,
            }
        )
    )


def _fmtool(*words: str) -> dict[str, object]:
    command = [sys.executable, "-m", "fmtool.cli", *words, "--json"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, object] = json.loads(done.stdout)
    return result


if __name__ == "__main__":
    main()
