import json

import pytest

from fmtool.errors import UsageError
from fmtool.runs.lock import RunLock
from fmtool.runs.records import read_record, records


def test_the_newest_run_comes_first_and_other_folders_are_no_runs(tmp_path, make_run):
    make_run("a", started="2026-01-01T00:00:00.000000+00:00")
    make_run("b", started="2026-01-03T00:00:00.000000+00:00")
    make_run("c", started="2026-01-02T00:00:00.000000+00:00")
    (tmp_path / "runs" / "sweeps" / "s1").mkdir(parents=True)
    (tmp_path / "runs" / "notes.txt").touch()
    assert [record.id for record in records(tmp_path / "runs")] == ["b", "c", "a"]


def test_a_missing_runs_directory_has_no_runs(tmp_path):
    assert records(tmp_path / "runs") == []


def test_a_finished_run_shows_its_outcome(make_run):
    root = make_run("a", config={"name": "base", "tags": ["x", "y"]}, result={"exit_code": 5})
    assert read_record(root).to_json() == {
        "id": "a",
        "path": str(root),
        "status": "diverged",
        "model": "cnn",
        "data": "digits",
        "data_label": "digits",
        "name": "base",
        "tags": ["x", "y"],
        "note": "",
        "experiment": "",
        "monitor": "val_loss",
        "best": 0.4,
        "loss": None,
        "headline": {},
        "metrics": {"loss": 0.5, "accuracy": 0.75},
        "seconds": 61.4,
        "started": "2026-01-01T00:00:00.000000+00:00",
        "sweep": None,
        "study": None,
    }


def test_a_held_lock_without_a_result_means_running(make_run):
    root = make_run("a")
    lock = RunLock(root / "run.lock")
    assert read_record(root).status == "running"
    lock.release()


def test_a_free_lock_without_a_result_means_killed(make_run):
    assert read_record(make_run("a")).status == "killed"


def test_a_result_counts_even_while_the_lock_is_still_held(make_run):
    root = make_run("a", result={})
    lock = RunLock(root / "run.lock")
    assert read_record(root).status == "completed"
    lock.release()


@pytest.mark.parametrize("file", ["config.yaml", "manifest.json", "result.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b"\xff\x00", b"a: &a [*a, *b]"])
def test_a_damaged_file_shows_as_damaged_with_the_rest_still_there(make_run, file, content):
    root = make_run("2026-01-02_030405_x", result={})
    (root / file).write_bytes(content)
    record = read_record(root)
    assert record.status == "damaged"
    assert record.id == "2026-01-02_030405_x"
    assert json.dumps(record.to_json())


@pytest.mark.parametrize(
    "config",
    ["model: 5", "model: null\ntags: 3", "model: {name: 2026-01-01}\ntags: {a: 1}", "name: [1]"],
)
def test_a_config_with_unexpected_types_is_no_traceback(make_run, config):
    root = make_run("a", result={})
    (root / "config.yaml").write_text(config)
    record = read_record(root)
    assert record.status == "completed"
    assert json.dumps(record.to_json())


def test_a_yaml_tag_runs_no_code(make_run, tmp_path):
    root = make_run("a")
    attack = f"x: !!python/object/apply:os.mkdir ['{tmp_path}/pwned']"
    (root / "config.yaml").write_text(attack)
    assert read_record(root).status == "damaged"
    assert not (tmp_path / "pwned").exists()


def test_a_directory_in_the_place_of_a_file_is_damage(make_run):
    root = make_run("a")
    (root / "result.json").mkdir()
    assert read_record(root).status == "damaged"


def test_without_a_manifest_the_start_is_read_from_the_id(make_run):
    root = make_run("2026-01-02_030405_cnn_digits_aaaaaa")
    (root / "manifest.json").unlink()
    assert read_record(root).started == "2026-01-02T03:04:05+00:00"


def test_a_start_that_is_no_time_is_ignored(make_run):
    assert read_record(make_run("a", started="yesterday")).started == ""


def test_a_runs_directory_that_cannot_be_listed_is_a_usage_error(tmp_path, monkeypatch):
    def fail(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(tmp_path), "iterdir", fail)
    with pytest.raises(UsageError, match=r"cannot list .*: Permission denied"):
        records(tmp_path)
