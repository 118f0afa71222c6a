"""A training that was ended in order, wherever it was, goes on as if it had not been."""

import signal

import pytest
from children import EXPORT
from ending import differences, ending
from torture import run_of, train

WORDS = ("epochs=4",)


@pytest.fixture(scope="module")
def uninterrupted(zygote, tmp_path_factory):
    folder = tmp_path_factory.mktemp("uninterrupted")
    child = train(zygote, folder, *WORDS)
    assert child.code == 0, child.err
    return ending(run_of(folder))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_after_a_signal_within_an_epoch_not_even_a_step_is_done_again(
    zygote, tmp_path, uninterrupted, number
):
    child = train(zygote, tmp_path, *WORDS, send=number, at_step=30, holds=True)
    assert child.code == -number, child.err
    resumed = train(zygote, tmp_path, *WORDS, "resume=auto")
    assert (resumed.code, resumed.first) == (0, 31)
    assert differences(uninterrupted, ending(run_of(tmp_path))) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_after_a_signal_within_a_validation_training_goes_on_behind_the_epoch(
    zygote, tmp_path, uninterrupted, number
):
    child = train(zygote, tmp_path, *WORDS, send=number, at_step=48, holds=True, in_validation=True)
    assert child.code == -number, child.err
    resumed = train(zygote, tmp_path, *WORDS, "resume=auto")
    # SIGKILL leaves the checkpoint of step 42; SIGTERM has one written, validation is done again.
    assert (resumed.code, resumed.first) == (0, 49 if number == signal.SIGTERM else 43)
    assert differences(uninterrupted, ending(run_of(tmp_path))) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_within_the_export_leaves_no_half_of_a_model(
    zygote, tmp_path, uninterrupted, number
):
    child = train(zygote, tmp_path, *WORDS, send=number, at_step=EXPORT, holds=True)
    assert child.code == -number, child.err
    # A kill leaves its draft behind.
    assert bool(drafts(tmp_path)) == (number == signal.SIGKILL)
    resumed = train(zygote, tmp_path, *WORDS, "resume=auto")
    assert (resumed.code, resumed.first) == (0, 0)
    assert differences(uninterrupted, ending(run_of(tmp_path))) == []
    assert drafts(tmp_path) == []


def drafts(folder):
    return list(run_of(folder).glob(".fmtool-*"))


def test_a_time_budget_ends_with_124_after_a_checkpoint(zygote, tmp_path, uninterrupted):
    # The child waits at step 30, if it comes so far, until the time is up.
    child = train(zygote, tmp_path, *WORDS, "budget.minutes=0.1", at_step=30, holds=True)
    assert child.code == 124, child.err
    assert child.err.splitlines()[-1].endswith(run_of(tmp_path).name)
    resumed = train(zygote, tmp_path, *WORDS, "resume=auto")
    assert resumed.code == 0
    assert resumed.first <= 31
    assert differences(uninterrupted, ending(run_of(tmp_path))) == []
