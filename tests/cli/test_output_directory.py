"""Where a run may lie: what cannot be written exits 73 at once; any name that can be made works."""

import json
import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from fmtool.runs.checkpoints import CheckpointStore
from fmtool.runs.run import Run

TRAIN = ("train", "model=mlp", "model.units=[8]", "epochs=1", "logging=quiet")
NOBODY = 65534


@contextmanager
def as_ordinary_user():
    """For the superuser no directory is read-only."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


def test_a_directory_without_write_permission_exits_73(call, fmtool, monkeypatch):
    place = fmtool.folder / "read_only"
    place.mkdir(mode=0o555)
    create = Run.create

    def create_as_ordinary_user(*args, **kwargs):
        # Only here, because Python itself may lie where that user may not look.
        with as_ordinary_user():
            return create(*args, **kwargs)

    monkeypatch.setattr(Run, "create", create_as_ordinary_user)
    # Relative, because the folders above belong to another user too.
    outcome = call(*TRAIN, "runs_dir=read_only")
    assert outcome.code == 73
    assert outcome.error.startswith("error: cannot create read_only/2")
    assert outcome.error.endswith(
        ": Permission denied; fix: choose a directory that you may write to"
    )
    assert list(place.iterdir()) == []


def test_a_read_only_file_system_exits_73(call, tmp_path):
    place = tmp_path / "read_only"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", place]
    if not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("this user may not mount a file system")
    try:
        outcome = call(*TRAIN, f"runs_dir={place}/runs")
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)
    assert outcome.code == 73
    assert outcome.error == (
        f"error: cannot create {place}/runs: Read-only file system; "
        "fix: choose a directory that you may write to"
    )


@pytest.mark.parametrize("name", ["n" * 256, "/".join(["n" * 250] * 20)])
def test_a_name_that_is_too_long_exits_73(call, name):
    outcome = call(*TRAIN, f"runs_dir={name}")
    assert outcome.code == 73
    assert outcome.error.startswith("error: cannot create ")
    assert outcome.error.endswith(
        ": File name too long; fix: choose a directory that you may write to"
    )
    assert list(Path.cwd().iterdir()) == []


ODD = f"with space/\u00fcn\u00ef \u2603/new\nline/$(touch pwned)/-rf/{'n' * 255}"


@pytest.fixture(scope="module")
def odd(tmp_path_factory, session_command):
    """A training into a directory of odd names, under a umask that keeps all others out."""
    command = session_command(tmp_path_factory.mktemp("odd"))
    private = ("sh", "-c", 'umask 077; exec "$@"', "sh")
    process = command.start(*TRAIN, "--json", f"runs_dir={ODD}", prefix=private)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return command, json.loads(out), err


def test_spaces_accents_line_ends_and_255_bytes_are_good_names(odd):
    command, result, err = odd
    run = command.folder / result["run_directory"]
    assert run.parent == command.folder / ODD
    assert json.loads((run / "result.json").read_text())["exit_code"] == 0
    assert CheckpointStore(run / "checkpoints", keep=1).latest_valid() is not None
    for part in ("config.yaml", "manifest.json", "metrics.jsonl", "history.csv", "model.keras"):
        assert (run / part).stat().st_size > 0
    assert "warning" not in err
    assert sorted(path.name for path in command.folder.iterdir()) == ["with space"]


def test_the_umask_holds_for_every_file_of_a_run(odd):
    command, result, _ = odd
    run = command.folder / result["run_directory"]
    shared = [path for path in (run, *run.rglob("*")) if path.stat().st_mode & 0o077]
    assert shared == []


def test_a_run_below_odd_names_is_found_and_listed(odd, call, monkeypatch):
    command, result, _ = odd
    monkeypatch.chdir(command.folder)
    (listed,) = call("runs", "--json", f"runs_dir={ODD}").json["runs"]
    assert listed["status"] == "completed"
    shown = call("runs", "show", result["run_directory"], "--json")
    assert shown.code == 0, shown.err
