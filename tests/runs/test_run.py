import json
import re
import secrets

import pytest

from fmtool.errors import Busy, CannotCreate, DataError, UsageError
from fmtool.runs.lock import is_locked
from fmtool.runs.result import RunResult
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
        ("n" * 300, "n" * 40),
    ],
)
def test_names_in_the_id_are_safe_for_files_and_shells(tmp_path, name, part):
    with Run.create(tmp_path, model=name, data="d") as run:
        assert run.id[18:].startswith(f"{part}_d_")
        assert run.paths.root.parent == tmp_path


def test_a_taken_name_is_never_reused(tmp_path, monkeypatch):
    names = iter(["aaaaaa", "aaaaaa", "bbbbbb"])
    monkeypatch.setattr("fmtool.runs.run.datetime", FrozenTime)
    monkeypatch.setattr(secrets, "token_hex", lambda size: next(names))
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
