"""A run directory from elsewhere, with links and pipes in it: nothing outside is written to."""

import os
from pathlib import Path

import pytest

from fmtool.errors import Refused
from fmtool.jobs.process import TrainingProcess
from fmtool.logging.metrics_log import MetricsLog
from fmtool.runs import atomic
from fmtool.runs.checkpoints import CheckpointStore
from fmtool.runs.containment import open_to_append, require_contained
from fmtool.runs.layout import ARTIFACTS, JobPaths, RunPaths, StudyPaths, SweepPaths
from fmtool.runs.lock import DigestLock, RunLock
from fmtool.runs.run import Run
from fmtool.sweeping import folder

CONTENT = "no line feed in here"
COMMANDS = (
    ("train", "resume={run}", "epochs=9"),
    ("evaluate", "run={run}"),
    ("export", "run={run}"),
    ("reproduce", "{run}"),
)


def places(paths):
    """Every place that a class of layout.py names, so that a new one is tried too."""
    found = [
        getattr(paths, name)
        for name, value in vars(type(paths)).items()
        if isinstance(value, property)
    ]
    if isinstance(paths, RunPaths):
        found += [paths.artifact(name) for name in ARTIFACTS]
    return found


def linked_to_a_file(place, outside):
    place.symlink_to(outside / "victim")


def linked_to_a_folder(place, outside):
    place.symlink_to(outside, target_is_directory=True)


def piped(place, outside):
    os.mkfifo(place)


PLANTED = {
    linked_to_a_file: "a symbolic link",
    linked_to_a_folder: "a symbolic link",
    piped: "a named pipe",
}


@pytest.fixture
def outside(tmp_path):
    folder = tmp_path / "outside"
    (folder / "step-3").mkdir(parents=True)
    (folder / "victim").write_text(CONTENT)
    (folder / "step-3" / "state.npz").write_text(CONTENT)
    return folder


def everything(folder):
    return {
        str(path.relative_to(folder)): path.read_text() if path.is_file() else None
        for path in folder.rglob("*")
    }


@pytest.fixture
def run(tmp_path):
    """As much of one as the commands look at before they would write."""
    root = tmp_path / "runs" / "2026-01-31_000000_mlp_digits_abcdef"
    root.mkdir(parents=True)
    (root / "config.yaml").write_text("model: {name: mlp}\n")
    (root / "manifest.json").write_text("{}")
    return root


RUN_PLACES = [each.name for each in places(RunPaths(Path()))]


@pytest.mark.parametrize("place", RUN_PLACES)
def test_a_run_is_not_opened_where_a_part_of_it_leads_elsewhere(run, outside, place):
    before = everything(outside)
    for plant, what in PLANTED.items():
        (run / place).unlink(missing_ok=True)
        plant(run / place, outside)
        with pytest.raises(Refused, match=rf"{place} is {what}"):
            Run.open(run)
    assert everything(outside) == before


@pytest.mark.parametrize(("turn", "place"), enumerate(RUN_PLACES))
def test_no_command_writes_there_and_each_says_it_in_one_line(call, run, outside, turn, place):
    before = everything(outside)
    plant, what = list(PLANTED.items())[turn // len(COMMANDS) % len(PLANTED)]
    (run / place).unlink(missing_ok=True)
    plant(run / place, outside)
    ended = call(*(word.format(run=run) for word in COMMANDS[turn % len(COMMANDS)]))
    expected = f"error: {run / place} is {what}; a run is written to only where all files are its "
    assert (ended.code, ended.error.startswith(expected)) == (77, True), ended.err
    assert ended.error.endswith("; fix: remove it, or put a copy of what it leads to in its place")
    assert everything(outside) == before


@pytest.mark.parametrize("plant", PLANTED)
@pytest.mark.parametrize(
    "place", ["checkpoints/step-9", "evaluation/x.json", "tensorboard/train/deep/e"]
)
def test_what_lies_deeper_is_found_too(run, outside, place, plant):
    (run / place).parent.mkdir(parents=True)
    plant(run / place, outside)
    (run / "zzz").symlink_to(outside)
    with pytest.raises(Refused, match=rf"{place} is a .* \(and there are 1 more such"):
        require_contained(run)


@pytest.mark.parametrize("plant", PLANTED)
def test_folders_of_sweeps_and_studies_lead_nowhere_else_either(tmp_path, outside, plant):
    for paths in (SweepPaths(tmp_path / "s"), StudyPaths(tmp_path / "t"), JobPaths(tmp_path / "j")):
        paths.root.mkdir()
        for place in places(paths):
            plant(place, outside)
            with pytest.raises(Refused, match=place.name):
                require_contained(paths.root)
            place.unlink()


def test_a_study_keeps_the_links_of_its_own(tmp_path, outside):
    from fmtool.tuning.workflow import Place

    runs = tmp_path / "runs"
    root = runs / "studies" / "s"
    (root / "tensorboard").mkdir(parents=True)
    (root / "tensorboard" / "0001").symlink_to(outside)
    (root / "study.journal.lock").symlink_to('{"host": "h"}')
    assert Place.of("s", runs, None).paths.root == root
    (root / "trials.csv").symlink_to(outside / "victim")
    with pytest.raises(Refused, match=r"trials\.csv is a symbolic link"):
        Place.of("s", runs, None)
    (root / "trials.csv").unlink()
    (runs / "studies").rename(tmp_path / "elsewhere")
    (runs / "studies").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused, match=r"studies is a symbolic link out of .*/runs"):
        Place.of("s", runs, None)


def test_a_sweep_is_refused_before_it_stores_anything(fmtool, call, outside):
    words = ("train", "-m", "model=mlp", "data=digits", "seed=1,2", "--json")
    sweeps = fmtool.folder / "runs" / "sweeps"
    sweeps.parent.mkdir()
    sweeps.symlink_to(outside)
    ended = call(*words)
    assert (ended.code, "runs/sweeps is a symbolic link out of runs" in ended.out) == (77, True)
    assert folder.find(fmtool.folder / "runs", "0" * 64) is None
    assert sorted(each.name for each in outside.iterdir()) == ["step-3", "victim"]


def test_the_folder_of_runs_may_be_a_link_and_a_run_one_to_another_beside_it(tmp_path, run):
    (tmp_path / "link").symlink_to(run.parent)
    (run.parent / "latest").symlink_to(run.name)
    for root in (tmp_path / "link" / run.name, run.parent / "latest", tmp_path / "link" / "latest"):
        require_contained(root)
    (run.parent / "away").symlink_to(tmp_path)
    with pytest.raises(Refused, match=r"away is a symbolic link out of .*; fix: name the folder"):
        require_contained(run.parent / "away")


def test_a_file_with_a_second_name_is_parted_from_it_before_it_is_changed(run, outside):
    from fmtool.logging.sink import TrainingInfo

    paths = RunPaths(run)
    rows = ['{"kind": "epoch", "step": 5}\n', '{"kind": "epoch", "step": 10}\n']
    for place, lines in ((paths.metrics, rows), (paths.history, ["step\n", "5\n", "10\n"])):
        (outside / place.name).write_text("".join(lines))
        os.link(outside / place.name, place)
    (outside / "lock").write_text(CONTENT)
    os.link(outside / "lock", paths.lock)
    before = everything(outside)
    log = MetricsLog(paths.metrics, paths.history)
    plan = TrainingInfo.__new__(TrainingInfo)
    vars(plan).update(step=5, epochs_done=1, steps_per_epoch=5)
    with Run.open(run):
        log.start(plan)
        log.epoch({"kind": "epoch", "step": 10, "loss": 1.0})
        log.close()
    assert everything(outside) == before
    assert paths.metrics.read_text() == rows[0] + rows[1].replace("}", ', "loss": 1.0}')
    assert paths.history.read_text() == "step\n5\n10\n"


def test_the_log_of_a_job_is_parted_too_and_its_answer_written_anew(tmp_path, outside):
    paths = JobPaths(tmp_path / "job")
    paths.root.mkdir()
    for place in (paths.log, paths.outcome, paths.run):
        os.link(outside / "victim", place)
    process = TrainingProcess(["sh", "-c", "echo out; echo err >&2"], paths, environment={})
    process.outcome()
    assert (outside / "victim").read_text() == CONTENT
    assert paths.log.read_text() == f"{CONTENT}err\n"
    assert paths.outcome.read_text() == "out\n"


def test_our_own_opens_follow_no_link_should_one_come_after_the_look(tmp_path, outside):
    for name, plant in (("a", linked_to_a_file), ("b", piped)):
        plant(tmp_path / name, outside)
        for open_it in (RunLock, open_to_append):
            with pytest.raises(Refused, match=f"/{name} is a "):
                open_it(tmp_path / name)
    store = CheckpointStore(tmp_path / "checkpoints", keep=1)
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / ".last.tmp").symlink_to(outside / "victim")
    store.commit(1, lambda folder: (folder / "x").write_text("x"), meta={})
    assert store.last == tmp_path / "checkpoints" / "step-1"
    (tmp_path / ".locks").symlink_to(outside)
    with pytest.raises(Refused, match=r"\.locks is a symbolic link"):
        DigestLock(tmp_path, "f" * 64)
    draft = tmp_path / "draft"
    draft.symlink_to(outside / "victim")
    with pytest.raises(FileExistsError):
        atomic._fill(draft, b"x")
    assert (outside / "victim").read_text() == CONTENT
