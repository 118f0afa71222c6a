"""`fmtool reproduce` on a copy of the shared run: once as it was left, and tampered with."""

import json
import shutil
from pathlib import Path

import pytest

from fmtool.runs.layout import RunPaths

RUN = "2026-01-01_000000_cnn_digits_aaaaaa"


def tamper(path, **changes):
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document | changes))


@pytest.fixture(scope="module")
def reproductions(trained, tmp_path_factory, session_command):
    """The outcome of a reproduction of the run as it is, and of one whose record was changed."""
    command = session_command(tmp_path_factory.mktemp("reproduce"))
    paths = {name: RunPaths(command.folder / name / RUN) for name in ("faithful", "tampered")}
    for copy in paths.values():
        shutil.copytree(trained.directory, copy.root)
    tampered = paths["tampered"]
    rows = [json.loads(line) for line in tampered.metrics.read_text().splitlines()]
    rows[2]["loss"] = 9.5
    tampered.metrics.write_text("".join(json.dumps(row) + "\n" for row in rows))
    packages = json.loads(tampered.manifest.read_text())["packages"]
    tamper(tampered.manifest, packages=packages | {"numpy": "0.9"})
    processes = [
        command.start("reproduce", f"{name}/{RUN}", "want=equal", "--json") for name in paths
    ]
    outcomes = [(process, *process.communicate(timeout=120)) for process in processes]
    return {
        name: (paths[name], process.returncode, json.loads(out), err)
        for name, (process, out, err) in zip(paths, outcomes, strict=True)
    }


def test_a_run_that_is_done_again_is_equal(reproductions):
    _, code, document, err = reproductions["faithful"]
    assert code == 0, err
    assert document["verdict"] == "equal"
    assert document["first_difference"] is None
    assert document["environment_differences"] == []
    assert (document["status"], document["exit_code"]) == ("completed", 0)


def test_the_reproduction_is_a_run_of_its_own_beside_the_first(reproductions):
    original, _, document, _ = reproductions["faithful"]
    new = RunPaths(original.root.parent / document["reproduction"])
    assert new.root.name != RUN
    assert new.result.is_file()
    manifest = json.loads(new.manifest.read_text())
    assert manifest["extra"] == {"reproduces": RUN}
    assert manifest["argv"] == ["reproduce", f"faithful/{RUN}", "want=equal"]


def test_the_name_of_a_run_goes_on_to_mean_that_run(reproductions):
    original, _, document, _ = reproductions["faithful"]
    new = RunPaths(original.root.parent / document["reproduction"])
    assert "name: pilot" in original.config.read_text()
    assert "name: pilot" not in new.config.read_text()


def test_the_first_value_that_differs_is_named_and_not_equal_is_exit_code_4(reproductions):
    _, code, document, _ = reproductions["tampered"]
    assert code == 4
    assert document["verdict"] == "close"
    assert (document["status"], document["exit_code"]) == ("gate_not_met", 4)
    first = document["first_difference"]
    assert (first["where"], first["row"], first["field"]) == ("metrics.jsonl", 3, "loss")
    assert first["was"] == 9.5
    assert 0 < first["is"] < 5


def test_another_version_is_told_before_training_and_in_the_result(reproductions):
    _, _, document, err = reproductions["tampered"]
    (change,) = document["environment_differences"]
    assert (change["what"], change["was"]) == ("numpy", "0.9")
    lines = err.splitlines()
    told = [number for number, line in enumerate(lines) if "numpy was 0.9, is" in line]
    assert told == [0]
    assert any(line.startswith("epoch 1/2") for line in lines[1:])


@pytest.fixture
def copied(trained, fmtool):
    """A copy of the shared run where `call` looks for runs."""
    paths = RunPaths(fmtool.folder / "runs" / RUN)
    shutil.copytree(trained.directory, paths.root)
    return paths


def runs_of(fmtool):
    return [path.name for path in fmtool.runs]


def test_other_data_are_different_without_any_training(call, copied, fmtool):
    tamper(copied.manifest, data_digest="0" * 64)
    outcome = call("reproduce", "pilot", "--json")
    assert outcome.code == 4
    assert outcome.json["verdict"] == "different"
    assert outcome.json["reproduction"] is None
    assert outcome.json["first_difference"]["field"] == "data_digest"
    assert outcome.json["first_difference"]["was"] == "0" * 64
    assert runs_of(fmtool) == [RUN]


def test_for_people_the_verdict_and_the_difference_are_in_a_table(call, copied):
    tamper(copied.manifest, data_digest="0" * 64)
    outcome = call("reproduce", "last")
    assert f"reproduction of {RUN}" in outcome.out
    assert "manifest.json data_digest: 0000" in outcome.out
    assert "different" in outcome.out


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda paths: paths.result.unlink(), "is killed"),
        (lambda paths: tamper(paths.result, exit_code=143), "is interrupted"),
        (lambda paths: tamper(paths.result, exit_code=5), "is diverged"),
        (lambda paths: paths.manifest.write_text("{"), "is damaged"),
    ],
)
def test_a_run_that_did_not_finish_is_sent_to_be_resumed(call, copied, fmtool, damage, reason):
    damage(copied)
    outcome = call("reproduce", RUN)
    assert outcome.code == 2
    assert reason in outcome.error
    assert f"train resume=runs/{RUN}" in outcome.error
    assert runs_of(fmtool) == [RUN]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "no run was named"),
        (["run="], "no run was named"),
        (["last", "run=last"], "one run too many"),
        (["last", "tolerance=much"], "tolerance=much is not accepted"),
        (["last", "tolerance=-1"], "tolerance=-1 is not accepted"),
        (["last", "tolerance=nan"], "tolerance=nan is not accepted"),
        (["last", "want=equals"], "did you mean 'equal'?"),
        (["last", "tolerence=1"], "did you mean 'tolerance'?"),
        (["last", "epochs=3"], "no key 'epochs'"),
        (["last", "--fast"], "unknown flag --fast"),
        (["absent"], "there is no run 'absent'"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(call, argv, message):
    outcome = call("reproduce", *argv)
    assert outcome.code == 2
    assert message in outcome.error


def test_a_saved_config_that_would_run_code_is_refused(call, copied):
    text = copied.config.read_text()
    copied.config.write_text(text + "extra:\n  _target_: os.system\n")
    assert call("reproduce", RUN).code == 77


def test_a_run_is_found_and_placed_by_runs_dir(call, copied, fmtool):
    tamper(copied.manifest, data_digest="0" * 64)
    shutil.move(copied.root.parent, fmtool.folder / "elsewhere")
    assert call("reproduce", f"run={RUN}").code == 2
    outcome = call("reproduce", f"run={RUN}", "runs_dir=elsewhere", "--json")
    assert outcome.json["run"] == RUN


def test_the_run_one_stands_in_can_be_named(call, copied, monkeypatch):
    tamper(copied.manifest, data_digest="0" * 64)
    monkeypatch.chdir(copied.root)
    outcome = call("reproduce", ".", "--json")
    assert outcome.json["run"] == RUN
    assert Path.cwd() == copied.root
