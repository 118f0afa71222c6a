from pathlib import Path

import pytest

from fmtool.runs.layout import RunPaths, SweepPaths, sweeps_directory


def test_every_part_of_a_run_has_its_published_name():
    paths = RunPaths(Path("r"))
    parts = {
        name: getattr(paths, name).name
        for name, value in vars(RunPaths).items()
        if isinstance(value, property)
    }
    assert parts == {
        "config": "config.yaml",
        "overrides": "overrides.yaml",
        "manifest": "manifest.json",
        "metrics": "metrics.jsonl",
        "history": "history.csv",
        "tensorboard": "tensorboard",
        "checkpoints": "checkpoints",
        "model": "model.keras",
        "plots": "plots",
        "evaluation": "evaluation",
        "export": "export",
        "profile": "profile",
        "result": "result.json",
        "annotations": "annotations.json",
        "reserve": ".reserve",
        "lock": "run.lock",
    }


def test_sweeps_lie_beside_the_runs():
    assert sweeps_directory(Path("runs")) == Path("runs/sweeps")


def test_the_jobs_of_a_sweep_have_folders_by_their_number():
    paths = SweepPaths(Path("s"))
    assert paths.job(7).log == Path("s/jobs/07/log.txt")
    assert paths.job(123).outcome == Path("s/jobs/123/outcome.json")


@pytest.mark.parametrize("file", ["config.yaml", "manifest.json", "run.lock"])
def test_any_file_that_only_runs_have_makes_a_run(tmp_path, file):
    assert not RunPaths(tmp_path).is_run()
    (tmp_path / file).touch()
    assert RunPaths(tmp_path).is_run()
