import os
import random
import shutil
from pathlib import Path

import pytest

from fmtool.errors import DataError
from fmtool.runs.checkpoint_manifest import verify
from fmtool.runs.checkpoints import CheckpointStore


def fill(content):
    def write(directory):
        (directory / "model.weights.h5").write_bytes(content)
        (directory / "state").mkdir()
        (directory / "state" / "seeds.json").write_text("[1, 2]")

    return write


@pytest.fixture
def store(tmp_path):
    return CheckpointStore(tmp_path / "checkpoints", keep=2)


def commit(store, *steps):
    return [store.commit(step, fill(b"w%d" % step * 100), meta={"epoch": step}) for step in steps]


def names(store):
    return sorted(entry.name for entry in store.directory.iterdir())


def test_a_checkpoint_holds_the_files_and_gives_back_its_meta(store):
    (path,) = commit(store, 7)
    assert path == store.directory / "step-7"
    assert (path / "model.weights.h5").read_bytes() == b"w7" * 100
    assert (path / "state" / "seeds.json").read_text() == "[1, 2]"
    assert verify(path) == {"epoch": 7}
    assert names(store) == ["last", "step-7"]
    assert (store.directory / "last").read_text() == "step-7\n"


def test_meta_that_is_not_finite_is_stored_as_null(store):
    assert verify(store.commit(1, fill(b""), meta={"loss": float("nan")})) == {"loss": None}


def test_the_newest_and_the_best_are_kept(store):
    commit(store, 1, 2)
    store.mark_best(2)
    commit(store, 3, 4, 10, 11)
    assert names(store) == ["best", "last", "step-10", "step-11", "step-2"]
    assert store.best == store.directory / "step-2"
    store.mark_best(11)
    commit(store, 12)
    assert names(store) == ["best", "last", "step-11", "step-12"]


def test_only_a_committed_step_can_be_best(store):
    commit(store, 1)
    with pytest.raises(ValueError, match="step 2 is not committed"):
        store.mark_best(2)


def test_steps_tell_which_is_the_newest_and_the_oldest_whatever_the_clock_says(store):
    oldest, newer = commit(store, 9, 10)
    os.utime(oldest, (2e9, 2e9))
    os.utime(newer, (0, 0))
    assert store.latest_valid() == newer
    commit(store, 100)
    assert names(store) == ["last", "step-10", "step-100"]


def test_an_empty_store_has_no_checkpoint(store):
    assert store.latest_valid() is None
    assert store.best is None
    assert store.last is None


@pytest.mark.parametrize("content", ["../..\n", "step-99\n", "\n", "step-1/../../x\n"])
def test_a_pointer_leads_nowhere_but_to_a_checkpoint(store, content):
    commit(store, 1)
    (store.directory / "best").write_text(content)
    assert store.best is None


def test_without_its_pointer_the_last_is_the_one_of_the_highest_step(store):
    _, newer = commit(store, 9, 10)
    for content in ("", "step-99\n"):
        (store.directory / "last").write_text(content)
        assert store.last == newer


def test_the_best_is_kept_even_if_it_is_marked_only_after_a_later_commit(store):
    commit(store, 1, 2)
    store.mark_best(1)
    commit(store, 3, 4)
    assert names(store) == ["best", "last", "step-1", "step-3", "step-4"]


def test_an_abandoned_later_step_stays_while_it_is_the_best(store):
    commit(store, 1, 9)
    store.mark_best(9)
    commit(store, 2, 3)
    assert names(store) == ["best", "last", "step-2", "step-3", "step-9"]


def test_committing_a_valid_step_again_keeps_it_and_mends_the_pointer(store):
    (path,) = commit(store, 5)
    (store.directory / "last").unlink()
    assert store.commit(5, pytest.fail, meta={"epoch": 5}) == path
    assert store.last == path


def test_what_else_is_known_of_a_step_replaces_its_checkpoint(store):
    (path,) = commit(store, 5)
    store.commit(5, lambda folder: None, meta={"epoch": 6})
    assert verify(path) == {"epoch": 6}
    assert names(store) == ["last", "step-5"]


def test_a_corrupt_checkpoint_of_the_same_step_is_replaced(store):
    (path,) = commit(store, 5)
    (path / "model.weights.h5").write_bytes(b"")
    commit(store, 5)
    assert (path / "model.weights.h5").read_bytes() == b"w5" * 100


@pytest.mark.parametrize("file", ["model.weights.h5", "state/seeds.json", "manifest.json"])
@pytest.mark.parametrize("share", [0, 0.3, 0.999])
def test_a_truncated_file_makes_it_fall_back_one_step_with_a_warning(store, capsys, share, file):
    older, newer = commit(store, 1, 2)
    # The line end of the manifest says nothing, so it is not counted.
    os.truncate(newer / file, int(((newer / file).stat().st_size - 1) * share))
    assert store.latest_valid() == older
    (line,) = capsys.readouterr().err.splitlines()
    assert str(newer) in line
    assert file in line
    assert line.endswith("; falling back to the checkpoint before it")


def test_forty_flipped_bits_all_over_the_files_each_make_it_fall_back(store, capsys):
    older, newer = commit(store, 1, 2)
    files = sorted(path for path in newer.rglob("*") if path.is_file())
    chance = random.Random(0)
    for number in range(40):
        file = files[number % len(files)]
        content = bytearray(file.read_bytes())
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        intact = file.read_bytes()
        file.write_bytes(content)
        assert store.latest_valid() == older
        file.write_bytes(intact)
    assert len(capsys.readouterr().err.splitlines()) == 40
    assert store.latest_valid() == newer


def test_a_single_flipped_bit_anywhere_in_any_file_is_found(store):
    _, newer = commit(store, 1, 2)
    for file in [path for path in newer.rglob("*") if path.is_file()]:
        content = file.read_bytes()
        for position in range(len(content)):
            flipped = bytearray(content)
            flipped[position] ^= 1
            file.write_bytes(flipped)
            with pytest.raises(DataError):
                verify(newer)
        file.write_bytes(content)
    verify(newer)


def damage_missing(path):
    (path / "model.weights.h5").unlink()


def damage_extra(path):
    (path / "extra").touch()


def damage_manifest(path):
    (path / "manifest.json").unlink()


def damage_link(path):
    file = path / "model.weights.h5"
    shutil.copy(file, path.parent.parent / "outside")
    file.unlink()
    file.symlink_to(path.parent.parent / "outside")


def damage_pipe(path):
    (path / "model.weights.h5").unlink()
    os.mkfifo(path / "model.weights.h5")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (damage_missing, "model.weights.h5 is missing"),
        (damage_extra, "extra is unexpected"),
        (damage_manifest, "cannot read"),
        (damage_link, "model.weights.h5 is not a regular file"),
        (damage_pipe, "model.weights.h5 is not a regular file"),
    ],
)
def test_other_damage_is_named(store, damage, reason):
    (path,) = commit(store, 1)
    damage(path)
    with pytest.raises(DataError) as caught:
        verify(path)
    assert reason in caught.value.message


def test_a_checkpoint_under_the_name_of_another_step_is_refused(store):
    (path,) = commit(store, 1)
    path.rename(store.directory / "step-9")
    with pytest.raises(DataError, match="it was committed as step 1"):
        verify(store.directory / "step-9")


def test_if_all_are_corrupt_it_is_bad_data(store, capsys):
    for path in commit(store, 1, 2):
        (path / "manifest.json").write_text("{}")
    with pytest.raises(DataError, match=r"no checkpoint in .* is intact") as caught:
        store.latest_valid()
    assert caught.value.exit_code == 65
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_after_a_fallback_the_abandoned_later_step_does_not_push_out_the_new_one(store):
    commit(store, 1, 9)
    (store.directory / "step-9" / "model.weights.h5").write_bytes(b"")
    commit(store, 2, 3)
    assert names(store) == ["last", "step-2", "step-3"]


def test_what_an_interrupted_process_left_is_cleared_away(store, python):
    dead = python("import os; print(os.getpid())").stdout.strip()
    commit(store, 1)
    (store.directory / f".tmp-2-{dead}").mkdir()
    (store.directory / f".tmp-3-{os.getpid()}").mkdir()
    (store.directory / f".tmp-4-{os.getppid()}").mkdir()
    commit(store, 5)
    assert names(store) == [f".tmp-4-{os.getppid()}", "last", "step-1", "step-5"]


def test_a_writer_that_fails_leaves_the_earlier_checkpoint_and_no_rest(store):
    commit(store, 1)

    def fail(directory):
        (directory / "half").write_bytes(b"x")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.commit(2, fail, meta={})
    assert names(store) == ["last", "step-1"]
    assert store.latest_valid() == store.directory / "step-1"


def test_every_file_is_synced_before_the_rename_and_the_parent_after_it(store, monkeypatch):
    events = []
    real_fsync, real_rename = os.fsync, os.rename

    def fsync(descriptor):
        events.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real_fsync(descriptor)

    def rename(source, target):
        events.append("rename")
        real_rename(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "rename", rename)
    commit(store, 1)
    at = events.index("rename")
    temporary = str(store.directory / f".tmp-1-{os.getpid()}")
    for name in ("model.weights.h5", "state/seeds.json", "state", "manifest.json", ""):
        assert f"{temporary}/{name}".rstrip("/") in events[:at]
    assert events[at + 1] == str(store.directory)


def test_a_step_that_is_there_already_is_synced_before_others_are_removed(store, monkeypatch):
    commit(store, 1, 2, 3)
    synced = []
    monkeypatch.setattr(
        os, "fsync", lambda fd: synced.append(Path(f"/proc/self/fd/{fd}").readlink())
    )
    commit(store, 3)
    assert synced == [store.directory]


def test_the_best_is_on_the_disk_before_the_one_that_was_best_is_removed(store, monkeypatch):
    commit(store, 1, 2)
    store.mark_best(1)
    events = []
    real_fsync, real_rename, real_replace = os.fsync, os.rename, os.replace

    def fsync(descriptor):
        events.append(("sync", Path(f"/proc/self/fd/{descriptor}").readlink().name))
        real_fsync(descriptor)

    def rename(source, target):
        events.append(("rename", Path(source).name))
        real_rename(source, target)

    def replace(source, target):
        events.append(("replace", Path(target).name))
        real_replace(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "rename", rename)
    monkeypatch.setattr(os, "replace", replace)
    store.mark_best(2)
    commit(store, 3)
    content, name, folder, removal = map(
        events.index,
        [("sync", ".best.tmp"), ("replace", "best"), ("sync", "checkpoints"), ("rename", "step-1")],
    )
    assert content < name < folder < removal
