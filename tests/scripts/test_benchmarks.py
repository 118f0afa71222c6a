"""Every benchmark answers, and those that are cheap enough run in their smallest form."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
WITHOUT_HELP = {"bench_checkpoint.py"}
"""Its words are overrides, all of them."""
BENCHMARKS = sorted({path.name for path in SCRIPTS.glob("bench_*.py")} - WITHOUT_HELP)


@pytest.mark.parametrize("script", BENCHMARKS)
def test_a_benchmark_says_how_it_is_called(script: str) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPTS / script), "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert f"python scripts/{script}" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_fit_is_compared_round_by_round(bench: Callable[..., Any], backend: str) -> None:
    words = ("--samples=320", "--rounds=2", "data=digits", "--plain", "float32")
    shown = bench("bench_fit.py", f"--backend={backend}", *words)
    assert shown["contestants"]["plain float32"]["backend"] == backend
    assert shown["contestants"]["fmtool"]["images"] == 320
    assert len(shown["ratio"]["fmtool over plain float32"]["rounds"]) == 2


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_fmtool_is_compared_with_a_bare_loop(bench: Callable[..., Any], backend: str) -> None:
    words = ("--samples=320", "--rounds=1", "data=digits")
    shown = bench("bench_loop.py", f"--backend={backend}", *words)
    assert shown["contestants"]["bare loop"]["backend"] == backend
    assert shown["ratio"]["fmtool over bare loop"]["median"] > 0


@pytest.mark.slow
def test_the_speed_run_is_measured_over_seeds(bench: Callable[..., Any]) -> None:
    shown = bench("bench_gpu.py", "--backend=torch", "--seeds=2", "data=digits", "epochs=2")
    first, second = shown["runs"]
    assert first["accuracy"] != second["accuracy"]
    assert first["images"] == 2 * 1280
    assert shown["warm"]["seconds_until_model"] < shown["warm"]["seconds"]


@pytest.mark.slow
def test_both_sides_run_straight_through(bench: Callable[..., Any]) -> None:
    words = ("--samples=320", "--rounds=1", "--epochs=2", "data=digits", "--plain", "float32")
    shown = bench("bench_straight.py", "--backend=torch", *words)
    for side in ("fmtool", "plain float32"):
        figures = shown["sides"][side]
        assert figures["epochs"] == 2
        undisturbed = figures["images_per_second_undisturbed"]["median"]
        assert undisturbed >= 0.85 * figures["images_per_second_with_waiting"]["median"]
        assert 0 < figures["share_of_peak"]["median"] < 1
    assert len(shown["ratio"]["fmtool over plain float32"]["undisturbed"]["rounds"]) == 1
