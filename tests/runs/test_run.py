import errno
import json
import re
import secrets
from dataclasses import replace

import pytest

from fmtool.errors import Busy, CannotCreate, DataError, UsageError, WriteFailed
from fmtool.runs.lock import is_locked
from fmtool.runs.result import RunError, RunResult
from fmtool.runs.run import Run


@pytest.fixture
def run(tmp_path):
    with Run.create(tmp_path / "runs", model="cnn", data="digits") as created:
        yield created


def outcome(run, **changes):
    return RunResult(
        run=run.id, **{"exit_code": 0, "epochs": 1, "steps": 2, "seconds": 3.0} | changes
    )


def test_the_id_is_utc_date_time_model_data_and_six_hex_digits(run, tmp_path):
    assert re.fullmatch(r"\d{4}-\d\d-\d\d_\d{6}_cnn_digits_[0-9a-f]{6}", run.id)
    assert run.paths.root == tmp_path / "runs" / run.id


def test_the_time_in_the_id_does_not_depend_on_the_time_zone(tmp_path, python):
    code = """
    import sys
    from datetime import datetime, timezone, timedelta
    from pathlib import Path
    from fmtool.runs.run import Run
    run = Run.create(Path(sys.argv[1]), model="m", data="d")
    made = datetime.strptime(run.id[:17], "%Y-%m-%d_%H%M%S").replace(tzinfo=timezone.utc)
    print(abs(datetime.now(timezone.utc) - made) < timedelta(seconds=30))
    """
    assert python(code, tmp_path, env={"TZ": "Pacific/Kiritimati"}).stdout == "True\n"


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("../../x", "x"),
        ("a b\n$(id)", "a-b-id"),
        ("Ünïcode", "n-code"),
        ("", "unnamed"),
        ("..", "unnamed"),
        ("n" * 300, "n" * 24),
    ],
)
def test_names_in_the_id_are_safe_for_files_and_shells(tmp_path, name, part):
    with Run.create(tmp_path, model=name, data="d") as run:
        assert run.id[18:].startswith(f"{part}_d_")
        assert run.paths.root.parent == tmp_path


def test_a_taken_name_is_never_reused(tmp_path, monkeypatch):
    # The names of drafts are longer.
    names, draft = iter(["aaaaaa", "aaaaaa", "bbbbbb"]), secrets.token_hex
    monkeypatch.setattr("fmtool.runs.run.datetime", FrozenTime)
    monkeypatch.setattr(
        secrets, "token_hex", lambda size: next(names) if size == 3 else draft(size)
    )
    first = Run.create(tmp_path, model="m", data="d")
    second = Run.create(tmp_path, model="m", data="d")
    assert [run.id[-6:] for run in (first, second)] == ["aaaaaa", "bbbbbb"]


class FrozenTime:
    @staticmethod
    def now(zone):
        from datetime import datetime

        return datetime(2026, 1, 31, 8, 15, tzinfo=zone)


def test_a_new_run_has_one_writer(run):
    with pytest.raises(Busy):
        Run.open(run.paths.root)
    run.close()
    Run.open(run.paths.root).close()


def test_a_file_in_the_place_of_the_runs_directory_exits_73(tmp_path):
    (tmp_path / "runs").touch()
    with pytest.raises(CannotCreate, match="cannot create"):
        Run.create(tmp_path / "runs", model="m", data="d")
    with pytest.raises(CannotCreate, match="cannot create"):
        Run.create(tmp_path / "runs" / "below", model="m", data="d")


def test_a_failure_to_lock_leaves_no_directory_behind(tmp_path, monkeypatch):
    def fail(path):
        raise CannotCreate("no lock")

    monkeypatch.setattr("fmtool.runs.run.RunLock", fail)
    with pytest.raises(CannotCreate):
        Run.create(tmp_path / "a" / "runs", model="m", data="d")
    assert list(tmp_path.iterdir()) == []


def test_opening_what_is_missing_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="there is no run"):
        Run.open(tmp_path / "missing")


def test_opening_another_directory_is_bad_data_and_leaves_it_alone(tmp_path):
    with pytest.raises(DataError, match="is not a run directory"):
        Run.open(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_discard_removes_an_empty_run_and_the_directories_made_for_it(tmp_path):
    run = Run.create(tmp_path / "a" / "runs", model="m", data="d")
    run.paths.config.write_text("x: 1")
    assert run.discard()
    run.close()
    assert list(tmp_path.iterdir()) == []


def test_discard_leaves_a_directory_that_was_there_before(tmp_path):
    (tmp_path / "runs").mkdir()
    assert Run.create(tmp_path / "runs", model="m", data="d").discard()
    assert [place.name for place in tmp_path.iterdir()] == ["runs"]


def test_discard_leaves_the_runs_of_others(run, tmp_path):
    other = Run.create(tmp_path / "runs", model="m", data="d")
    assert run.discard()
    assert list((tmp_path / "runs").iterdir()) == [other.paths.root]


@pytest.mark.parametrize("part", ["metrics", "model", "result", "checkpoints"])
def test_discard_keeps_a_run_that_reached_something(run, part):
    path = getattr(run.paths, part)
    if part == "checkpoints":
        path = path / "step-1"
        path.parent.mkdir()
    path.touch()
    assert not run.discard()
    assert path.exists()
    assert is_locked(run.paths.lock)


def test_finish_writes_the_result_once(run):
    run.finish(outcome(run))
    with pytest.raises(RuntimeError, match="has its result already"):
        run.finish(outcome(run, exit_code=1))
    assert json.loads(run.paths.result.read_text())["exit_code"] == 0


def test_restart_forgets_the_result_so_that_a_resumed_run_can_have_another(run):
    run.finish(outcome(run, exit_code=143))
    run.close()
    with Run.open(run.paths.root) as resumed:
        resumed.restart()
        assert not resumed.paths.result.exists()
        resumed.finish(outcome(run))
        assert json.loads(resumed.paths.result.read_text())["status"] == "completed"


def test_room_for_the_result_is_kept_from_the_start_of_a_run_to_its_end(run):
    content = run.paths.reserve.read_bytes()
    assert len(content) == 32 * 1024
    assert content.count(0) < 1024
    run.finish(outcome(run, exit_code=143))
    assert not run.paths.reserve.exists()
    run.close()
    with Run.open(run.paths.root) as resumed:
        resumed.restart()
        assert resumed.paths.reserve.stat().st_size == 32 * 1024


@pytest.mark.parametrize("part", ["_new_directory", "_reserve"])
def test_a_disk_without_room_for_a_run_is_left_without_a_trace_of_it(tmp_path, monkeypatch, part):
    def fail(*_):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(f"fmtool.runs.run.{part}", fail)
    with pytest.raises(WriteFailed, match="No space left on device"):
        Run.create(tmp_path / "a" / "runs", model="m", data="d")
    assert list(tmp_path.iterdir()) == []


def test_finish_ends_the_manifest_too(run):
    run.paths.manifest.write_text('{"started": "x"}')
    run.finish(outcome(run, seconds=3.0))
    ended = json.loads(run.paths.manifest.read_text())
    assert (ended["started"], ended["seconds"]) == ("x", 3.0)
    assert ended["ended"]


FAILURE = RunError("DataError", "the cause", "")


@pytest.fixture
def full_disk(monkeypatch):
    def fail(path, value):
        raise WriteFailed(f"cannot write {path}: {errno.ENOSPC}")

    monkeypatch.setattr("fmtool.runs.run.write_json", fail)


@pytest.mark.usefixtures("full_disk")
def test_a_result_that_cannot_be_written_does_not_hide_why_the_run_failed(run, capsys):
    run.finish(replace(outcome(run, exit_code=65), error=FAILURE))
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"warning: cannot write {run.paths.result}: 28"


@pytest.mark.usefixtures("full_disk")
def test_a_result_that_cannot_be_written_fails_a_run_that_had_not_failed(run, monkeypatch):
    with pytest.raises(WriteFailed):
        run.finish(outcome(run))
    monkeypatch.undo()
    run.finish(replace(outcome(run, exit_code=74), error=FAILURE))
    assert json.loads(run.paths.result.read_text())["exit_code"] == 74


def test_a_manifest_that_cannot_be_ended_does_not_keep_the_result_from_being_written(run, capsys):
    run.paths.manifest.write_text("{")
    run.finish(replace(outcome(run, exit_code=74), error=FAILURE))
    assert json.loads(run.paths.result.read_text())["exit_code"] == 74
    assert "not valid JSON" in capsys.readouterr().err
