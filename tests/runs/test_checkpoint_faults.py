"""Checkpoints under fire: kills anywhere, a full disk, few descriptors, very many checkpoints."""

import os
import random
import signal
import subprocess

import pytest

from fmtool.runs.checkpoint_manifest import verify
from fmtool.runs.checkpoints import CheckpointStore


@pytest.fixture
def store(tmp_path):
    return CheckpointStore(tmp_path / "checkpoints", keep=2)


def commit(store, step):
    return store.commit(step, lambda to: (to / "w").write_text(f"{step}"), meta={"epoch": step})


def names(store):
    return sorted(entry.name for entry in store.directory.iterdir())


TRAIN = """
import hashlib, sys
from pathlib import Path
from fmtool.runs.checkpoint_manifest import verify
from fmtool.runs.checkpoints import CheckpointStore

FILES = ("weights", "optimizer")
SIZE = 50_000

def next_state(state):
    return hashlib.shake_256(state).digest(len(FILES) * SIZE)

def write(directory):
    for number, name in enumerate(FILES):
        (directory / name).write_bytes(state[number * SIZE :][:SIZE])

store, last_step = CheckpointStore(Path(sys.argv[1]), keep=2), int(sys.argv[2])
step, state = 0, b"seed"
if latest := store.latest_valid():
    step = verify(latest)["step"]
    state = b"".join((latest / name).read_bytes() for name in FILES)
print("ready", flush=True)
while step < last_step:
    step, state = step + 1, next_state(state)
    store.commit(step, write, meta={"step": step})
    if step % 3 == 0:
        store.mark_best(step)
    print(step, flush=True)
print(hashlib.sha256(state).hexdigest())
"""
"""A training without Keras: each state is a function of the one before, in two files."""


def killed_after(python, directory, seconds):
    """The last step that was reported; the process goes on from what is valid when it starts."""
    process = python(TRAIN, directory, 10**9, wait=False)
    assert process.stdout.readline() == "ready\n"
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(seconds)
    process.kill()
    out, err = process.communicate()
    assert err == "", "a fallback would be a warning"
    # The last line may be torn.
    return max(map(int, out.split("\n")[:-1]), default=0)


@pytest.mark.parametrize("kills", [8, pytest.param(40, marks=pytest.mark.slow)])
def test_kills_at_any_instant_lose_no_committed_step_and_change_no_bit(store, python, kills):
    moments = random.Random(kills)
    step = best = 0
    for _ in range(kills):
        reported = killed_after(python, store.directory, moments.uniform(0, 0.25))
        newest = store.latest_valid()
        before, step = step, verify(newest)["step"] if newest else 0
        assert step >= max(reported, before)
        assert step <= max(reported, before) + 1
        if store.best or best:
            # Every third step is marked, unless the kill came between commit and mark.
            best, best_before = verify(store.best)["step"], best
            assert best % 3 == 0
            assert best >= best_before
    assert step > kills
    last = step // 3 * 3 + 5
    resumed = python(TRAIN, store.directory, last)
    uninterrupted = python(TRAIN, store.directory.with_name("uninterrupted"), last)
    assert resumed.stdout.split()[-1] == uninterrupted.stdout.split()[-1]
    kept = (f"step-{last - 2}", f"step-{last - 1}", f"step-{last}")
    assert set(names(store)) == {"best", "last", *kept}


COMMIT = """
import resource, sys
from pathlib import Path
from fmtool.errors import FmtoolError
from fmtool.runs.checkpoints import CheckpointStore

store = CheckpointStore(Path(sys.argv[1]), keep=1)
size = int(sys.argv[3])
def write(directory):
    (directory / "w").write_bytes(b"2" * size)
if len(sys.argv) > 4:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]),) * 2)
try:
    step = int(sys.argv[2])
    store.commit(step, write, meta={"epoch": step})
    store.mark_best(step)
except FmtoolError as error:
    print(error)
    sys.exit(error.exit_code)
"""


@pytest.mark.parametrize("size", [100_000, 100])
def test_a_file_limit_exits_74_and_leaves_the_earlier_checkpoint_untouched(store, python, size):
    path = commit(store, 1)
    # 100 bytes are room enough for the weights, but not for the manifest.
    done = python(COMMIT, store.directory, 2, size, 1000 if size > 1000 else 100)
    assert done.returncode == 74, done.stderr
    assert "File too large" in done.stdout
    assert " bytes needed, " in done.stdout
    assert " bytes free)" in done.stdout
    assert names(store) == ["last", "step-1"]
    assert store.latest_valid() == path


@pytest.mark.parametrize(
    ("point", "survivor"),
    [
        ("after_tmp", 2),
        ("before_rename", 2),
        ("after_rename", 3),
        ("before_last", 3),
        ("while_pruning", 3),
        ("before_best", 3),
    ],
)
def test_a_kill_at_any_point_leaves_the_old_or_the_new_state_whole(store, python, point, survivor):
    commit(store, 1)
    store.mark_best(1)
    commit(store, 2)
    done = python(COMMIT, store.directory, 3, 1000, env={**os.environ, "FMTOOL_FAULT": point})
    assert done.returncode == -signal.SIGKILL
    assert store.latest_valid() == store.directory / f"step-{survivor}"
    for path in store.directory.glob("step-*"):
        assert verify(path) == {"epoch": int(path.name.removeprefix("step-"))}
    assert verify(store.last) in ({"epoch": 2}, {"epoch": 3})
    assert store.best == store.directory / "step-1"
    assert verify(store.best) == {"epoch": 1}
    commit(store, 4)
    store.mark_best(4)
    commit(store, 5)
    assert names(store) == ["best", "last", "step-4", "step-5"]


def test_a_kill_while_a_corrupt_checkpoint_is_replaced_leaves_the_one_before(store, python):
    commit(store, 1)
    (commit(store, 2) / "w").write_bytes(b"")
    fault = {**os.environ, "FMTOOL_FAULT": "while_replacing"}
    assert python(COMMIT, store.directory, 2, 9, env=fault).returncode == -signal.SIGKILL
    assert store.latest_valid() == store.directory / "step-1"


def test_a_kill_while_a_checkpoint_gives_way_to_another_of_its_step_brings_it_back(store, python):
    held = store.commit(2, lambda to: (to / "w").write_text("2"), meta={"epoch": 1})
    before = verify(held)
    fault = {**os.environ, "FMTOOL_FAULT": "while_replacing"}
    assert python(COMMIT, store.directory, 2, 9, env=fault).returncode == -signal.SIGKILL
    assert not held.exists()
    assert store.latest_valid() == held
    assert verify(held) == before
    assert [name for name in names(store) if name.startswith(".replaced")] == []


def test_5000_checkpoints_are_listed_a_few_times_whatever_their_number(tmp_path, monkeypatch):
    store = CheckpointStore(tmp_path / "checkpoints", keep=4900)
    commit(store, 7)
    store.mark_best(7)
    for step in range(1000, 6000):
        (store.directory / f"step-{step}").mkdir()
    listings = []
    listdir = os.listdir

    def counted(path="."):
        listings.append(str(path))
        return listdir(path)

    monkeypatch.setattr(os, "listdir", counted)
    newest = commit(store, 6000)
    # To find the last one, to clear up and to prune: time does not grow with the square.
    assert listings.count(str(store.directory)) <= 4
    assert store.latest_valid() == newest
    steps = {int(name.removeprefix("step-")) for name in names(store) if name.startswith("step")}
    assert steps == {7, *range(1101, 6001)}


def test_many_commits_need_few_descriptors_and_leave_none_open(python, tmp_path):
    done = python(
        """
        import os, resource, sys
        from pathlib import Path
        from fmtool.runs.checkpoints import CheckpointStore
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        store = CheckpointStore(Path(sys.argv[1]), keep=2)
        before = os.listdir("/proc/self/fd")
        def write(directory):
            for number in range(80):
                (directory / str(number)).touch()
        for step in range(1, 4):
            store.commit(step, write, meta={})
            store.mark_best(step)
            store.latest_valid()
        print(os.listdir("/proc/self/fd") == before, store.latest_valid().name)
        """,
        tmp_path / "checkpoints",
    )
    assert done.stdout == "True step-3\n", done.stderr


def test_a_private_umask_and_any_name_of_a_directory_will_do(tmp_path):
    before = os.umask(0o077)
    try:
        for name in ("with space", "\u00fcn\u00ef \u2603", "new\nline", "n" * 255, "-rf", "step-1"):
            (tmp_path / name).mkdir()
            store = CheckpointStore(tmp_path / name, keep=1)
            commit(store, 1)
            path = commit(store, 2)
            assert store.latest_valid() == path
            assert verify(path) == {"epoch": 2}
            assert {file.stat().st_mode & 0o077 for file in path.rglob("*")} == {0}
    finally:
        os.umask(before)
