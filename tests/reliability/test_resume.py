"""`resume=auto` may be repeated without thinking; `resume=RUN` goes on with nothing else."""

import json
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from ending import differences, ending
from freed_statistics import saved_and_expected
from torture import FAULTS, run_of, train

SHORT = ("epochs=2",)
REGULARIZED = (
    "task.loss=huber", "task.class_weights=balanced", "model.convolution_dropout=0.2",
    "model.dropout_kind=block", "model.block_size=2", "regularizer=l2",
    "regularizer.layers=[conv2d,logits]",
)  # fmt: skip
SLOW = [pytest.param(backend, marks=pytest.mark.slow) for backend in ("tensorflow", "jax")]


@pytest.fixture(scope="module")
def finished(zygote, tmp_path_factory):
    """The folder of a training of two epochs."""
    folder = tmp_path_factory.mktemp("finished")
    child = train(zygote, folder, *SHORT)
    assert child.code == 0, child.err
    return folder


@pytest.fixture
def copy(finished, tmp_path):
    return Path(shutil.copytree(finished, tmp_path / "copy"))


def contents(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in files if path.name != "run.lock"}


def test_a_model_has_statistics_freed_of_their_start_and_checkpoints_have_them_as_they_are(
    finished,
):
    for found, expected in saved_and_expected(run_of(finished), momentum=0.99):
        np.testing.assert_array_equal(found, expected)


def test_validation_sees_the_model_that_is_saved(zygote, finished):
    run = run_of(finished)
    child = zygote.run(
        finished, "evaluate", f"run={run}", "split=validation", "--json", "runtime.device=cpu"
    )
    assert child.code == 0, child.err
    best = json.loads((run / "result.json").read_text())["best"]
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    (row,) = (each for each in rows if each["kind"] == "epoch" and each["step"] == best["step"])
    assert json.loads(child.out)["loss"] == pytest.approx(row["val_loss"], rel=1e-4)


def test_auto_begins_a_run_where_there_is_none(zygote, finished, tmp_path):
    child = train(zygote, tmp_path, *SHORT, "resume=auto")
    assert child.code == 0, child.err
    assert differences(ending(run_of(finished)), ending(run_of(tmp_path))) == []


def test_auto_on_a_finished_run_says_so_and_changes_nothing(zygote, finished):
    before = contents(finished)
    child = train(zygote, finished, *SHORT, "resume=auto")
    assert (child.code, child.first) == (0, 0)
    assert "is complete, 2 epochs: nothing is left to do" in child.err
    assert contents(finished) == before


def test_auto_leaves_the_run_of_another_config_alone(zygote, copy):
    child = train(zygote, copy, *SHORT, "resume=auto", "seed=1")
    assert (child.code, child.first) == (0, 1)
    assert len(list((copy / "runs").glob("2*"))) == 2


def test_auto_begins_anew_beside_a_run_that_was_killed_before_its_manifest(zygote, copy):
    run = run_of(copy)
    for path in run.iterdir():
        if path.name != "run.lock":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    child = train(zygote, copy, *SHORT, "resume=auto")
    assert (child.code, child.first) == (0, 1)
    assert [path.name for path in run.iterdir()] == ["run.lock"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_kill_within_the_last_commit_leaves_no_trace(fault, zygote, finished, tmp_path):
    killed = train(zygote, tmp_path, *SHORT, fault=fault, at_step=48)
    assert (killed.code, killed.step) == (-signal.SIGKILL, 48), killed.err
    child = train(zygote, tmp_path, *SHORT, "resume=auto")
    assert child.code == 0, child.err
    assert differences(ending(run_of(finished)), ending(run_of(tmp_path))) == []


def test_a_run_killed_before_its_first_checkpoint_goes_on_from_the_beginning(
    zygote, finished, tmp_path
):
    killed = train(zygote, tmp_path, *SHORT, send=signal.SIGKILL, at_step=1, holds=True)
    assert killed.code == -signal.SIGKILL
    child = train(zygote, tmp_path, *SHORT, "resume=auto")
    assert (child.code, child.first) == (0, 1)
    assert differences(ending(run_of(finished)), ending(run_of(tmp_path))) == []


@pytest.mark.parametrize("backend", [*SLOW, "torch"])
def test_a_regularized_training_goes_on_in_mid_epoch_to_the_same_bits(zygote_on, tmp_path, backend):
    zygote, words = zygote_on(backend), (*SHORT, *REGULARIZED)
    whole = train(zygote, tmp_path / "whole", *words)
    assert whole.code == 0, whole.err
    killed = train(zygote, tmp_path, *words, send=signal.SIGKILL, at_step=33, holds=True)
    assert killed.code == -signal.SIGKILL
    child = train(zygote, tmp_path, *words, "resume=auto")
    assert (child.code, child.first) == (0, 29)
    assert differences(ending(run_of(tmp_path / "whole")), ending(run_of(tmp_path))) == []


def test_a_finished_run_that_is_given_more_epochs_ends_as_if_it_had_had_them(
    zygote, finished, copy, tmp_path
):
    whole = train(zygote, tmp_path / "whole", "epochs=4")
    assert whole.code == 0, whole.err
    child = zygote.run(copy, "train", "resume=last", "epochs=3")
    assert (child.code, child.first) == (0, 49)
    child = train(zygote, copy, "epochs=4", "resume=auto")
    assert (child.code, child.first) == (0, 73)
    assert differences(ending(run_of(tmp_path / "whole")), ending(run_of(copy))) == []


def test_another_learning_rate_is_refused_with_the_difference(zygote, copy):
    before = contents(copy)
    child = zygote.run(copy, "train", "resume=last", "optimizer.learning_rate=0.5", "epochs=4")
    assert (child.code, child.first) == (78, 0)
    assert "optimizer.learning_rate: 0.02 -> 0.5" in child.err.splitlines()[-1]
    assert "allow_change=[optimizer.learning_rate]" in child.err.splitlines()[-1]
    assert contents(copy) == before


def test_another_selection_of_the_data_is_refused(zygote, copy):
    child = zygote.run(copy, "train", "resume=last", "data.limit=300", "epochs=4")
    assert (child.code, child.first) == (78, 0)
    assert "data.limit: 320 -> 300" in child.err.splitlines()[-1]


def test_a_change_that_is_allowed_by_name_is_made_and_recorded(zygote, copy):
    words = ("optimizer.learning_rate=0.5", "allow_change=[optimizer.learning_rate]", "epochs=3")
    child = zygote.run(copy, "train", "resume=last", *words)
    assert (child.code, child.first) == (0, 49)
    manifest = json.loads((run_of(copy) / "manifest.json").read_text())
    assert manifest["resumes"][0]["changes"] == {
        "epochs": [2, 3],
        "optimizer.learning_rate": [0.02, 0.5],
    }


def test_the_digest_lock_leaves_nothing_behind(zygote, finished):
    assert [path.name for path in (finished / "runs").iterdir()] == [run_of(finished).name]
