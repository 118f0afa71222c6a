"""A loss that is no number ends the run with 5 and never reaches a checkpoint."""

import json
import math

import numpy as np
import pytest

WILD = ("model=mlp", "optimizer=sgd", "optimizer.learning_rate=1e20", "epochs=3", "logging=quiet")


def committed_arrays(run):
    for path in run.glob("checkpoints/step-*/state.npz"):
        with np.load(path) as arrays:
            yield from ((path, name, arrays[name]) for name in arrays.files)


@pytest.fixture(scope="module")
def ended(tmp_path_factory, session_command):
    """Two wild trainings side by side: of 20 steps an epoch, and of a single one."""
    long, short = (session_command(tmp_path_factory.mktemp("wild")) for _ in range(2))
    processes = (
        long.start("train", *WILD, "--json"),
        short.start("train", *WILD, "data.limit=70", "--json"),
    )
    printed = [process.communicate(timeout=120) for process in processes]
    codes = [process.returncode for process in processes]
    return list(zip(codes, printed, (long.runs[0], short.runs[0]), strict=True))


def test_a_diverged_training_ends_with_5_and_names_step_and_epoch(ended):
    code, (out, err), run = ended[0]
    stored = json.loads((run / "result.json").read_text())
    assert code == stored["exit_code"] == json.loads(out)["exit_code"] == 5
    assert stored["status"] == "diverged"
    details = stored["error"]["details"]
    assert details["epoch"] == 1
    assert details["steps"] == [2, 2]
    assert len(details["samples"]) == 1
    assert len(details["samples"][0]) == 64
    assert math.isfinite(details["last_finite"]["loss"])
    few = ", ".join(map(str, details["samples"][0][:4]))
    last = f"last finite loss {details['last_finite']['loss']:.4g} at step 1"
    assert err.splitlines()[-1].startswith(
        f"error: loss became nan at step 2 of epoch 1, batch 2 of samples {few}, ... (64); {last}; "
        "fix: lower optimizer.learning_rate"
    )


def test_a_diverged_training_leaves_no_number_that_is_none(ended):
    run = ended[0][2]
    assert [name for _, name, array in committed_arrays(run) if not np.isfinite(array).all()] == []
    assert not (run / "model.keras").exists()


def test_an_epoch_of_one_step_that_diverges_commits_no_checkpoint(ended):
    code, _, run = ended[1]
    assert code == 5
    assert list(committed_arrays(run)) == []
