"""Runs removed, pruned, packed, tagged and noted: what goes, what stays, what is left alone."""

import json
import subprocess

import pytest

from fmtool.errors import UsageError
from fmtool.runs import selection
from fmtool.runs.lock import RunLock
from fmtool.runs.records import read_record
from fmtool.runs.result import read_result
from fmtool.training import resume


@pytest.fixture
def runs(tmp_path, call, fmtool, make_run, monkeypatch):
    """A function from words to an outcome, beside the runs that `make_run` makes."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        return call("runs", *words)

    monkeypatch.setattr(fmtool, "folder", tmp_path)
    return run


@pytest.fixture
def finished(make_run):
    """A run with two checkpoints and a model."""

    def make(run_id, **parts):
        root = make_run(run_id, **({"result": {}} | parts))
        for step in (10, 30):
            place = root / "checkpoints" / f"step-{step}"
            place.mkdir(parents=True)
            (place / "state.npz").write_bytes(bytes(1000 * step))
        (root / "checkpoints" / "best").write_text("step-10\n")
        (root / "checkpoints" / "last").write_text("step-30\n")
        (root / "model.keras").write_bytes(bytes(500))
        return root

    return make


def names(root):
    return sorted(each.name for each in root.iterdir())


def files(place):
    return {str(each.relative_to(place)) for each in place.rglob("*")}


def test_a_removal_is_dry_until_it_is_confirmed(runs, finished, tmp_path):
    root, other = finished("a"), finished("b")
    before = files(tmp_path)
    shown = runs("rm", "a")
    assert (shown.code, shown.err) == (0, "")
    assert "nothing was changed; yes=true frees 0.0 MB" in shown.out
    assert files(tmp_path) == before
    for confirmation in ("yes=true", "--yes"):
        document = runs("rm", "a" if root.exists() else "b", confirmation, "--json").json
        assert (document["dry"], [each["done"] for each in document["runs"]]) == (False, [True])
    assert not root.exists()
    assert not other.exists()


def test_pruning_keeps_the_model_and_drops_what_a_run_goes_on_from(runs, finished):
    root = finished("a")
    document = runs("prune", "--json").json
    (planned,) = document["runs"]
    assert (document["dry"], planned["bytes"], planned["done"]) == (True, 40_000, False)
    assert planned["loses"].startswith("it can no longer go on (resume=)")
    assert runs("prune", "yes=true").code == 0
    assert names(root / "checkpoints") == []
    assert (root / "model.keras").exists()
    assert read_record(root).pruned
    with pytest.raises(UsageError, match=r"its checkpoints were removed on 20[-0-9]{8} by `fmtool"):
        resume.require_checkpoints(root)
    assert "has anything to prune" in runs("prune").out
    assert read_result(root / "result.json").status == "completed"


def test_pruning_may_keep_what_a_run_goes_on_from(runs, finished):
    root = finished("a")
    extra = root / "checkpoints" / "step-20"
    extra.mkdir()
    (extra / "state.npz").write_bytes(bytes(7))
    assert runs("prune", "keep=last", "yes=true").code == 0
    assert names(root / "checkpoints") == ["best", "last", "step-10", "step-30"]
    assert not read_record(root).pruned
    resume.require_checkpoints(root)


@pytest.mark.parametrize(
    ("status", "code"), [("interrupted", 143), ("diverged", 5), ("failed", 65)]
)
def test_the_checkpoints_of_an_unfinished_run_are_all_it_has(runs, finished, status, code):
    root = finished("a", result={"exit_code": code})
    outcome = runs("prune", "a", "yes=true", "--json")
    assert outcome.code == 2
    assert f"it is {status}, and its checkpoints are all" in outcome.json["runs"][0]["left"]
    assert len(names(root / "checkpoints")) == 4
    assert runs("prune", "yes=true").code == 0  # not named: it is left, and that is no fault


def test_what_is_lost_with_an_unfinished_run_or_a_job_is_said(runs, finished):
    finished("a", result={"exit_code": 143}, sweep="s")
    (planned,) = runs("rm", "a", "--json").json["runs"]
    assert planned["loses"] == ("its training, which resume=a would go on with; a job of sweep s")


@pytest.mark.parametrize("action", ["rm", "prune", "archive", "tag", "note"])
def test_a_run_that_is_being_written_is_left(runs, finished, action):
    root = finished("a")
    lock = RunLock(root / "run.lock")
    before = files(root)
    words = {"tag": ["add=x"], "note": ["text"], "archive": ["remove=true", "yes=true"]}
    outcome = runs(action, "a", *words.get(action, ["yes=true"]))
    lock.release()
    assert outcome.code == 75
    assert files(root) == before


@pytest.mark.parametrize("action", ["rm", "prune", "archive", "tag", "note"])
@pytest.mark.parametrize("where", ["itself", "within"])
def test_a_link_is_neither_removed_nor_followed(runs, finished, tmp_path, action, where):
    root = finished("a")
    outside = tmp_path / "outside"
    root.rename(outside)
    if where == "itself":
        root.symlink_to(outside)
    else:
        outside.rename(root)
        outside.mkdir()
        (outside / "kept").write_text("x")
        (root / "plots").symlink_to(outside)
    before = files(tmp_path)
    words = {"tag": ["add=x"], "note": ["text"], "archive": ["remove=true", "yes=true"]}
    assert runs(action, "a", *words.get(action, ["yes=true"])).code == 77
    assert files(tmp_path) == before


def test_a_run_is_packed_read_back_and_can_be_unpacked(runs, finished, tmp_path):
    root = finished("a")
    before = {name: (root / name).read_bytes() for name in files(root) if (root / name).is_file()}
    assert runs("archive", "a").code == 0
    assert root.exists()
    again = runs("archive", "a")
    assert (again.code, again.error[:26]) == (73, "error: runs/archive/a.tar.")
    assert runs("archive", "a", "output=packed", "remove=true", "yes=true").code == 0
    assert not root.exists()
    assert read_record(root).status == "killed"  # nothing is there
    subprocess.check_call(["tar", "-xzf", "packed/a.tar.gz", "-C", "runs"], cwd=tmp_path)
    del before["run.lock"]
    assert {name: (root / name).read_bytes() for name in before} == before


def test_tags_and_a_note_are_given_since_and_the_config_stays(runs, make_run):
    root = make_run("a", config={"tags": ["old", "first"]}, result={})
    config = (root / "config.yaml").read_bytes()
    document = runs("tag", "a", "add=good,[x", "remove=first", "--json").json
    assert document["runs"] == [{"id": "a", "tags": ["old", "good", "[x"]}]
    assert runs("note", "a", "with", "flips=yes").out == "a: with flips=yes\n"
    assert runs("note", "a").out == "a: with flips=yes\n"
    shown = runs("show", "a").out
    assert "with flips=yes" in shown
    assert "old, good, [x" in shown
    assert (root / "config.yaml").read_bytes() == config
    assert runs("note", "a", "").out == "a: no note\n"
    assert runs("tag", "tag=goo?", "remove=good", "--json").json["runs"][0]["tags"] == ["old", "[x"]


def test_damaged_annotations_are_damage_and_no_crash(runs, make_run):
    root = make_run("a", result={})
    (root / "annotations.json").write_text('{"tags": 3}')
    (listed,) = runs("list", "--json").json["runs"]
    assert (listed["status"], listed["tags"]) == ("damaged", [])


@pytest.fixture
def four(make_run):
    make_run("a", config={"tags": ["good", "x"], "name": "pilot"}, result={})
    other = {"metrics": {"accuracy": 0.9}, "best": None}
    root = make_run("b", config={"name": "pilot-2"}, result=other)
    (root / "overrides.yaml").write_text("[data=digits, experiment=mnist_cnn]\n")
    make_run("c", result={"metrics": {"accuracy": None}})
    make_run("d")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["tag=good"], "a"),
        (["tag=goo*"], "a"),
        (["name=pilot"], "a"),
        (["name=pilot*"], "ab"),
        (["experiment=mnist_cnn"], "b"),
        (["min.accuracy=0.75"], "ab"),
        (["min.accuracy=0.8"], "b"),
        (["max.accuracy=0.8"], "a"),
        (["max.val_loss=0.4"], "ac"),
        (["min.accuracy=0.5", "max.val_loss=0.4"], "a"),
        (["status=killed"], "d"),
        ([], "abcd"),
    ],
)
def test_runs_are_found_by_tag_name_recipe_and_figures(runs, four, words, found):
    listed = runs("list", *words, "--json").json["runs"]
    assert sorted(each["id"] for each in listed) == list(found)
    if words:
        removed = runs("rm", *words, "--json").json["runs"]
        assert sorted(each["id"] for each in removed) == list(found)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["min.accuracy=high"], "min.accuracy=high is no number; fix: write min.accuracy=0.9"),
        (["min.acuracy=1"], "min.acuracy: no run has a figure 'acuracy'; fix: did you mean 'accur"),
        (["rm"], "runs rm: no run was named; fix: name one, or write a filter such as tag=NAME"),
        (["rm", "z"], "there is no run 'z' in runs; fix: see `fmtool runs`"),
        (["rm", "a", "yes=yes"], "yes=yes is not accepted; fix: write yes=true"),
        (["rm", "a", "--yess"], "runs rm: unknown flag --yess; fix: did you mean '--yes'?"),
        (["rm", "a", "tga=x"], "runs rm: no key 'tga'; fix: did you mean 'tag'?"),
        (["prune", "keep=lats"], "keep=lats is not accepted; fix: did you mean 'last'?"),
        (["tag", "a"], "runs tag: no tag is named; fix: write add=NAME or remove=NAME"),
        (["note"], "runs note: no run was named; fix: fmtool runs note last 'TEXT'"),
        (["prnue"], "unknown action 'prnue'; fix: did you mean prune?"),
    ],
)
def test_a_mistake_changes_nothing(runs, four, tmp_path, words, message):
    before = files(tmp_path)
    outcome = runs(*words)
    assert (outcome.code, outcome.out) == (2, "")
    assert message in outcome.error
    assert files(tmp_path) == before


def test_filters_look_only_at_what_they_need(make_run, tmp_path):
    make_run("a", result={"metrics": {"accuracy": 0.9}})
    (record,) = selection.select(tmp_path / "runs", {"min.accuracy": "0.5", "limit": "3"})
    assert "experiment" not in record.__dict__
    assert json.loads((record.paths.root / "config.yaml").read_text())["name"] is None
