"""A training that diverged goes on more slowly, and can be killed after that too."""

import json
import signal

import pytest
from ending import differences, ending
from torture import run_of

JOB = (
    "train", "model=mlp", "model.units=[8]", "data=digits", "data.limit=320", "batch_size=12",
    "epochs=4", "optimizer=sgd", "optimizer.learning_rate=1e30", "schedule.warmup_epochs=2",
    "on_divergence=rollback", "callbacks.rollback.factor=1e-32",
    "callbacks.checkpoint.every_steps=7", "logging.every_n_steps=5", "logging.plots=false",
    "runtime.backend=torch", "runtime.threads=1", "runtime.device=cpu",
)  # fmt: skip


@pytest.fixture(scope="module")
def rolled_back(zygote, tmp_path_factory):
    """The run of a training that diverged, and how it ended."""
    folder = tmp_path_factory.mktemp("rolled_back")
    child = zygote.run(folder, *JOB)
    return run_of(folder), child


def test_a_rollback_lowers_the_learning_rate_and_training_ends_well(rolled_back):
    run, child = rolled_back
    assert child.code == 0, child.err
    assert "rollback 1 of 3: learning rate x 1e-32" in child.err
    (entry,) = json.loads((run / "manifest.json").read_text())["rollbacks"]
    assert entry["learning_rate_factor"] == 1e-32


def test_a_kill_after_a_rollback_changes_no_bit(zygote, rolled_back, tmp_path):
    run, _ = rolled_back
    killed = zygote.run(tmp_path, *JOB, send=signal.SIGKILL, at_step=80, holds=True)
    assert killed.code == -signal.SIGKILL
    resumed = zygote.run(tmp_path, *JOB, "resume=auto")
    assert resumed.code == 0, resumed.err
    assert resumed.first > 70
    assert differences(ending(run), ending(run_of(tmp_path))) == []
