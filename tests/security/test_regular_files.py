"""What only looks like a file is an error that names it, wherever files are read from."""

import errno
import json
import os
import resource
import socket
from contextlib import contextmanager

import pytest
import yaml

from fmtool.config.compose import compose
from fmtool.data.reading.regular_file import open_regular
from fmtool.errors import DataError, OutOfDescriptors, Refused
from fmtool.export import runtimes
from fmtool.runs import artifacts
from fmtool.runs.layout import RunPaths
from fmtool.runs.saved_config import read_config
from fmtool.runs.strict_json import read_object
from fmtool.safety import exported_file, model_file, regular_file


def folder(path):
    path.mkdir()


def device(path):
    path.symlink_to("/dev/zero")


def listening(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


KINDS = {"folder": folder, "pipe": os.mkfifo, "socket": listening, "device": device}
READERS = {
    "config.yaml": read_config,
    "manifest.json": read_object,
    "model.keras": lambda path: model_file.check(path, registered=()),
    "model.onnx": lambda path: exported_file.check("onnx", path),
    "model.tflite": lambda path: runtimes.open_model(path, threads=1),
    "picture.png": open_regular,
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working directory: the path of a socket must be short."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", READERS)
def test_nothing_but_a_regular_file_is_read_and_nothing_is_waited_for(here, kind, name):
    path = RunPaths(here).root.relative_to(here) / name
    KINDS[kind](path)
    with pytest.raises((DataError, Refused)) as raised:
        READERS[name](path)
    assert name in raised.value.message


@pytest.mark.parametrize("kind", KINDS)
def test_an_artifact_is_one_of_the_files_of_a_run(here, kind):
    paths = RunPaths(here)
    paths.manifest.write_text(json.dumps({"artifacts": {"tokenizer.json": "0" * 64}}))
    KINDS[kind](paths.artifact("tokenizer.json").relative_to(here))
    with pytest.raises(DataError, match=r"tokenizer\.json: "):
        artifacts.read(paths)


def test_a_saved_model_with_a_pipe_among_its_files_is_refused(here):
    (here / "1" / "variables").mkdir(parents=True)
    (here / "1" / "saved_model.pb").write_bytes(b"\x12\x00")
    os.mkfifo(here / "1" / "variables" / "variables.index")
    with pytest.raises(Refused, match=r"variables\.index"):
        runtimes.open_model(here / "1", threads=1)


def test_a_pipe_that_takes_the_place_of_a_file_is_not_waited_for(here, monkeypatch):
    """Between the look at it and its opening."""
    os.mkfifo(here / "x.json")
    (here / "y.json").write_text("{}")
    plain = (here / "y.json").stat()
    monkeypatch.setattr(type(here), "stat", lambda path, **_: plain)
    with pytest.raises(OSError, match="not a regular file"):
        regular_file.open_file(here / "x.json")


@contextmanager
def no_more_files():
    """No descriptor is left to this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    first_free = os.dup(0)
    os.close(first_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (first_free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("name", ["config.yaml", "manifest.json", "model.onnx", "picture.png"])
def test_too_few_descriptors_are_not_taken_for_a_bad_file(here, name):
    (here / name).write_text("{}")
    with no_more_files(), pytest.raises(OutOfDescriptors) as raised:
        READERS[name](here / name)
    assert raised.value.fix == "raise the limit, as by `ulimit -n 4096`"


def test_a_command_without_descriptors_ends_with_71_and_a_line(call, fmtool):
    (fmtool.folder / "x.zip").write_text("x")
    assert call("verify", "x.zip").code == 65
    with no_more_files():
        outcome = call("verify", "x.zip")
    assert outcome.code == 71
    assert outcome.error.startswith("error: too many open files for one process; fix: ")


@pytest.mark.parametrize(
    ("number", "code"), [(errno.EMFILE, 71), (errno.ENFILE, 71), (errno.ENOSPC, 74)]
)
def test_an_error_of_the_system_has_its_code_wherever_it_happens(
    call, fmtool, monkeypatch, number, code
):
    def fail(*_):
        raise OSError(number, os.strerror(number), "some.file")

    monkeypatch.setattr("fmtool.export.bundle_file.problems", fail)
    monkeypatch.setattr("fmtool.export.verify.bundle_file.opened", fail)
    outcome = call("verify", "x.zip")
    assert outcome.code == code
    assert outcome.error.startswith("error: ")
    assert "internal error" not in outcome.error


@pytest.mark.parametrize("last", ["model:", "data:", "  path:", "runtime:"])
def test_a_config_that_was_cut_off_names_its_file(call, fmtool, last):
    run = fmtool.folder / "runs" / "cut"
    run.mkdir(parents=True)
    (run / "manifest.json").write_text("{}")
    text = yaml.safe_dump(compose("train", ["data=image_folder", "data.path=x"]), sort_keys=False)
    (run / "config.yaml").write_text(text[: text.index(f"\n{last}") + 1])
    for command in (("evaluate",), ("export",), ("predict", "input=x.npy")):
        outcome = call(*command, "run=cut")
        assert outcome.code == 65
        assert outcome.error.startswith("error: runs/cut/config.yaml: ")
