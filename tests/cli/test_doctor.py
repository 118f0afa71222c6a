"""`fmtool doctor`: what it finds, and that a broken backend is a line."""

import pytest

from fmtool import __version__
from fmtool.diagnosis import backends, extras
from fmtool.diagnosis.places import folder_bytes


def test_an_installation_is_described_without_importing_a_backend(call, fmtool):
    (fmtool.cache / "set").mkdir(parents=True)
    (fmtool.cache / "set" / "x").write_bytes(bytes(1234))
    outcome = call("doctor", "backends=none", "--json")
    found = outcome.json
    assert (outcome.code, outcome.err) == (0, "")
    assert (found["fmtool"], found["exit_code"], found["problems"]) == (__version__, 0, [])
    assert {each["state"] for each in found["backends"]} <= {"not tried", "not installed"}
    data, _, runs = found["places"]
    assert (data["path"], data["bytes"], data["error"]) == (str(fmtool.cache), 1234, None)
    assert (runs["path"], runs["bytes"]) == ("runs", 0)
    assert data["free_bytes"] > 0
    assert "keras" in found["packages"]
    assert fmtool.files() == set()


def test_the_table_says_the_same(call):
    outcome = call("doctor", "backends=none")
    assert outcome.code == 0
    for word in ("fmtool", "processor", "tensorflow", "data sets", "compiled programs", "runs"):
        assert f"\n {word} " in outcome.out


BROKEN = {
    "raises": ("raise OSError('libfoo.so is missing')", "OSError: libfoo.so is missing"),
    "dies": ("import os; os.abort()", "its import ends the process by SIGABRT"),
    "leaves": ("import sys; sys.exit('no licence')", "no licence"),
}


@pytest.mark.parametrize("way", BROKEN)
def test_a_backend_that_is_broken_is_a_line_and_69(call, fmtool, monkeypatch, way):
    code, reason = BROKEN[way]
    # In the place of what is run: Keras would take seconds to come as far.
    fmtool.write("fmtool/diagnosis/probe.py", f"{code}\n")
    for package in ("fmtool", "fmtool/diagnosis"):
        fmtool.write(f"{package}/__init__.py", "")
    monkeypatch.setenv("PYTHONPATH", str(fmtool.folder))
    outcome = call("doctor", "backends=torch", "--json")
    assert outcome.code == 69
    assert outcome.err == f"error: torch: {reason}\n"
    (torch,) = (each for each in outcome.json["backends"] if each["name"] == "torch")
    assert (torch["state"], torch["error"]) == ("broken", reason)
    assert outcome.json["problems"] == [f"torch: {reason}"]


def test_a_backend_that_works_is_tried_in_a_process_of_its_own():
    (torch,) = (each for each in backends.states(["torch"]) if each.name == "torch")
    assert (torch.state, torch.error) == ("works", "")
    assert torch.facts["device"] in ("cpu", "gpu")
    assert torch.detail().startswith(f"{torch.version}, ")


def test_no_backend_at_all_is_2(call, monkeypatch):
    monkeypatch.setattr("fmtool.machine.installed.find_spec", lambda name: None)
    outcome = call("doctor")
    assert (outcome.code, outcome.err) == (2, "error: no backend is installed\n")


def test_a_folder_that_cannot_be_written_to_is_73(call, fmtool, monkeypatch):
    fmtool.write("file", "")
    monkeypatch.setenv("FMTOOL_DATA", str(fmtool.folder / "file" / "data"))
    outcome = call("doctor", "backends=none")
    assert outcome.code == 73
    assert outcome.err == f"error: data sets: {fmtool.folder}/file is no folder\n"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (
            ["backends=numpy"],
            "backends=numpy: no backend 'numpy'; fix: one of jax, none",
        ),
        (["backend=jax"], "doctor: unexpected 'backend=jax'; fix: did you mean 'backends'?"),
    ],
)
def test_a_mistake_is_2(call, argv, message):
    outcome = call("doctor", *argv)
    assert (outcome.code, outcome.out) == (2, "")
    assert message in outcome.error


class Listed:
    """A distribution with requirements."""

    name = "fm_toolkit"
    requires = (
        "numpy>=2",
        "pytest>=8; extra == 'test'",
        'nothing-of-this-name[fast]<3,>=2; extra == "tune"',
        "fm-toolkit[tune]; extra == 'cluster'",
        "numpy>=1; extra == 'cluster'",
        "also-nothing; python_version < '4' and extra == 'cluster'",
        "numpy; extra == 'plain'",
        "of-another-system; sys_platform == 'win32' and extra == 'plain'",
        "fm-toolkit[one]; extra == 'two'",
        "fm-toolkit[two]; extra == 'one'",
    )


def test_what_extras_lack_is_named_as_pip_takes_it():
    assert extras.missing(Listed()) == {
        "cluster": ["nothing-of-this-name[fast]<3,>=2", "also-nothing"],
        "one": [],
        "plain": [],
        "tune": ["nothing-of-this-name[fast]<3,>=2"],
        "two": [],
    }


def test_our_own_distribution_is_found_by_its_command():
    found = extras.own()
    assert found is not None
    assert "tune" in extras.missing(found)


def test_links_count_as_links(tmp_path):
    (tmp_path / "a").write_bytes(bytes(5000))
    (tmp_path / "b").symlink_to("a")
    assert 5000 < folder_bytes(tmp_path) < 5010
