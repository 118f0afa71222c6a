"""The file that keeps what was measured of a machine."""

import json

import pytest

from fmtool.errors import WriteFailed
from fmtool.machine import measurement, probes
from fmtool.machine.measurement import Key, measured

KEY = Key(
    version=1,
    processor="Some CPU",
    instructions="0123456789abcdef",
    physical_cores=2,
    logical_cores=4,
    threads=2,
    backend="tensorflow",
    backend_version="2.21.0",
    keras_version="3.15.1",
)


@pytest.fixture
def taken(monkeypatch, tmp_path):
    """The probes that were made; none takes time, and each process but remembers the file."""
    names = []

    def step_seconds(probe):
        names.append(probe)
        return {"float32": 2e-3, "bfloat16": 1e-3}

    monkeypatch.setenv("FMTOOL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(probes, "step_seconds", step_seconds)
    monkeypatch.setattr(
        measurement, "_key", lambda threads: KEY.model_copy(update={"threads": threads})
    )
    measured.cache_clear()
    yield names
    measured.cache_clear()


def anew(threads=2):
    """As a new process would."""
    measured.cache_clear()
    return measured(threads)


def file_of(tmp_path):
    (path,) = (tmp_path / "cache" / "machine").iterdir()
    return path


def test_a_machine_is_measured_once(taken, tmp_path):
    first = anew()
    assert taken == [probes.CONVOLUTION, probes.DENSE, probes.SMALL]
    assert anew() == first
    assert len(taken) == 3
    assert json.loads(file_of(tmp_path).read_text())["key"] == KEY.model_dump()


def test_another_thread_count_is_measured_on_its_own(taken, tmp_path):
    anew()
    anew(threads=1)
    anew()
    assert len(taken) == 6
    assert len(list((tmp_path / "cache" / "machine").iterdir())) == 2


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", '{"key": 1}', "\x00\x00"])
def test_a_damaged_file_is_measured_again_and_replaced(taken, tmp_path, capsys, damage):
    first = anew()
    path = file_of(tmp_path)
    path.write_text(damage)
    assert anew() == first
    assert len(taken) == 6
    assert f"{path} cannot be read; measuring again" in capsys.readouterr().err
    assert anew() == first
    assert len(taken) == 6


def test_the_file_of_another_machine_is_not_believed(taken, tmp_path):
    anew()
    path = file_of(tmp_path)
    document = json.loads(path.read_text())
    document["key"]["processor"] = "Another CPU"
    path.write_text(json.dumps(document))
    assert anew().key == KEY
    assert len(taken) == 6


def test_a_time_of_zero_is_damage(taken, tmp_path):
    anew()
    path = file_of(tmp_path)
    document = json.loads(path.read_text())
    document["steps"]["dense"]["float32"] = 0.0
    path.write_text(json.dumps(document))
    assert anew().steps.dense.float32 > 0


def test_where_no_folder_can_be_made_the_process_remembers(taken, tmp_path, capsys):
    (tmp_path / "cache").write_text("a file")
    first = anew()
    assert measured(2) is first
    assert len(taken) == 3
    assert "cannot be kept" in capsys.readouterr().err


def test_a_folder_that_others_can_write_to_is_not_used(taken, tmp_path, capsys):
    folder = tmp_path / "cache" / "machine"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    anew()
    assert list(folder.iterdir()) == []
    assert "open to, another user" in capsys.readouterr().err


def test_a_full_disk_is_noted(taken, tmp_path, capsys, monkeypatch):
    def fail(path, value):
        raise WriteFailed("no room")

    monkeypatch.setattr(measurement, "write_json", fail)
    assert anew().key == KEY
    assert "is not kept: no room" in capsys.readouterr().err
