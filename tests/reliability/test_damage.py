"""What may have happened to a killed run before it goes on: damage, a second writer, the clock."""

import os
import random
import shutil
import signal
from pathlib import Path

import pytest
from ending import differences, ending
from torture import run_of, train

WORDS = ("epochs=4",)
KILLED_AT = 60
YEAR_SECONDS = 365 * 24 * 3600


@pytest.fixture(scope="module")
def uninterrupted(zygote, tmp_path_factory):
    folder = tmp_path_factory.mktemp("uninterrupted")
    child = train(zygote, folder, *WORDS)
    assert child.code == 0, child.err
    return ending(run_of(folder))


@pytest.fixture(scope="module")
def interrupted(zygote, tmp_path_factory):
    folder = tmp_path_factory.mktemp("interrupted")
    child = train(zygote, folder, *WORDS, send=signal.SIGKILL, at_step=KILLED_AT, holds=True)
    assert child.code == -signal.SIGKILL
    return folder


@pytest.fixture
def killed(interrupted, tmp_path):
    """A folder with a run that was killed, to be treated badly."""
    return Path(shutil.copytree(interrupted, tmp_path / "killed"))


@pytest.fixture
def resume(zygote):
    return lambda folder, *words, **attack: zygote.run(
        folder, "train", "resume=last", *words, **attack
    )


def newest(folder, number=0):
    checkpoints = (run_of(folder) / "checkpoints").glob("step-*")
    return sorted(checkpoints, key=lambda path: int(path.name[5:]))[-1 - number]


def truncate(file, share):
    os.truncate(file, int(file.stat().st_size * share))


def flip_a_bit(file, seed):
    content = bytearray(file.read_bytes())
    content[random.Random(seed).randrange(len(content))] ^= 1 << seed % 8
    file.write_bytes(content)


@pytest.mark.parametrize("share", [0, 0.3, 0.999])
def test_a_truncated_newest_checkpoint_is_left_for_the_one_before(
    killed, resume, uninterrupted, share
):
    before = newest(killed, 1).name.removeprefix("step-")
    truncate(newest(killed) / "state.npz", share)
    child = resume(killed)
    assert child.code == 0, child.err
    assert "is corrupt: state.npz does not match its size and SHA-256; falling back" in child.err
    assert f"goes on after step {before} " in child.err
    assert differences(uninterrupted, ending(run_of(killed))) == []


@pytest.mark.parametrize("seed", [0, 1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["state.npz", "manifest.json"])
def test_a_flipped_bit_in_the_newest_checkpoint_changes_no_bit_of_the_end(
    killed, resume, uninterrupted, name, seed
):
    flip_a_bit(newest(killed) / name, seed)
    child = resume(killed)
    assert child.code == 0, child.err
    assert "falling back to the checkpoint before it" in child.err
    assert differences(uninterrupted, ending(run_of(killed))) == []


def test_no_intact_checkpoint_is_exit_65_and_nothing_is_trained(killed, resume):
    for number in (0, 1):
        truncate(newest(killed, number) / "state.npz", 0.5)
    best = (run_of(killed) / "checkpoints" / "best").read_text().strip()
    truncate(run_of(killed) / "checkpoints" / best / "state.npz", 0.5)
    child = resume(killed)
    assert child.code == 65
    assert child.first == 0
    assert "is intact; fix: start the training anew" in child.err.splitlines()[-1]
    assert "Traceback" not in child.err


def test_the_lock_of_a_killed_process_is_no_obstacle(killed, resume, uninterrupted):
    assert '"pid"' in (run_of(killed) / "run.lock").read_text()
    assert resume(killed).code == 0
    assert differences(uninterrupted, ending(run_of(killed))) == []


def test_a_second_writer_is_exit_75_and_names_the_process_that_writes(
    zygote, killed, resume, uninterrupted
):
    again = (*WORDS, "resume=auto")
    holder = train(zygote, killed, *again, send=signal.SIGSTOP, at_step=80, holds=True)
    assert holder.code is None
    try:
        for second in (train(zygote, killed, *again), resume(killed)):
            assert (second.code, second.first) == (75, 0)
            assert f"by process {holder.pid} on host " in second.err.splitlines()[-1]
    finally:
        zygote.kill(holder)
    assert resume(killed).code == 0
    assert differences(uninterrupted, ending(run_of(killed))) == []


def test_a_clock_that_was_set_back_does_not_matter(killed, resume, uninterrupted):
    """The newest checkpoint is the oldest by the time of its files, all others are of next year."""
    for path in run_of(killed).rglob("*"):
        seconds = path.stat().st_mtime + (YEAR_SECONDS if newest(killed) not in path.parents else 0)
        os.utime(path, (seconds, seconds))
    step = newest(killed).name.removeprefix("step-")
    child = resume(killed)
    assert child.code == 0, child.err
    assert f"goes on after step {step} " in child.err
    assert differences(uninterrupted, ending(run_of(killed))) == []


def test_leftovers_of_a_killed_commit_are_cleared_away(zygote, killed, resume, uninterrupted):
    fault = resume(killed, fault="before_rename", at_step=KILLED_AT)
    assert fault.code == -signal.SIGKILL
    assert list((run_of(killed) / "checkpoints").glob(".tmp-*"))
    assert resume(killed).code == 0
    assert differences(uninterrupted, ending(run_of(killed))) == []
