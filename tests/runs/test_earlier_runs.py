"""Runs of an earlier release do with today's commands what they did with theirs.

tests/earlier_runs has two runs of fmtool 0.1.0 (revision e931f5f, torch, two epochs), whole but for
plots, beside the data that they read and what that release predicted. Some of the images have
transparency. Processors differ in the last bits: numbers are close, not equal.
"""

import csv
import json
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ARCHIVES = Path(__file__).parents[1] / "earlier_runs"
CLOSE = 1e-4

ALWAYS = (
    *("epochs=2", "batch_size=8", "runtime.backend=torch", "runtime.device=cpu"),
    *("runtime.precision=float32", "runtime.threads=1", "callbacks.checkpoint.max_share=1"),
    *("logging.tensorboard=false", "logging.plots=false", "logging.every_n_steps=4"),
)
BARS = (
    *("model=cnn", "model.filters=[4,8]", "model.dense_units=[8]", "model.normalization=batch"),
    *("data=image_folder", "data.path=bars", "data.color=rgb"),
    *("optimizer.learning_rate=0.01", "name=bars"),
)
MOODS = (
    *("model=text_cnn", "model.filters=4", "model.kernel_sizes=[2,3]", "model.embedding_dim=8"),
    *("data=text", "data.path=moods.csv", "data.min_frequency=1"),
    *("optimizer.learning_rate=0.02", "name=moods"),
)


@dataclass(frozen=True)
class Earlier:
    """One of the runs.

    Args:
        words: what was typed then, and after it the keys whose defaults are others today.
        unseen: what that release has labelled.
    """

    name: str
    id: str
    words: tuple[str, ...]
    unseen: str


KNOWN = (
    Earlier(
        "bars",
        "2026-11-30_050518_cnn_image_folder_2411f1",
        (*BARS, *ALWAYS, "data.background=none", "data.levels=upper"),
        "bars/down",
    ),
    Earlier("moods", "2026-11-30_045834_text_cnn_text_0a451f", (*MOODS, *ALWAYS), "moods.csv"),
)


def unpack(place: Any, *runs: Earlier) -> None:
    for each in runs:
        with tarfile.open(ARCHIVES / f"{each.name}.tar.gz") as archive:
            archive.extractall(place.folder, filter="data")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, session_command: Callable[..., Any]) -> Any:
    """`fmtool` beside both runs; look, but do not change them."""
    place = session_command(tmp_path_factory.mktemp("both"))
    unpack(place, *KNOWN)
    return place


@pytest.fixture(params=KNOWN, ids=lambda each: each.name)
def earlier(request: pytest.FixtureRequest) -> Earlier:
    return request.param


def answer(place: Any, *argv: str) -> Any:
    """What a command that succeeds says in JSON."""
    done = place(*argv, "--json")
    assert done.code == 0, done.err
    return done.json


def result_of(place: Any, run: Earlier) -> Any:
    return json.loads((place.folder / "runs" / run.id / "result.json").read_text())


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("split", ["test", "validation"])
def test_evaluate_comes_to_the_score_of_then(both: Any, earlier: Earlier, split: str) -> None:
    was = result_of(both, earlier)
    report = answer(both, "evaluate", f"run={earlier.name}", f"split={split}", "plots=false")
    assert report["data_differs"] == []
    expected = was["metrics"] if split == "test" else {"loss": was["best"]["value"]}
    found = {name: report[name] for name in expected}
    assert found == pytest.approx(expected, abs=CLOSE)


def test_predict_gives_the_labels_of_then(both: Any, earlier: Earlier) -> None:
    words = (f"input={earlier.unseen}", "output=now.csv", "probabilities=true")
    answer(both, "predict", f"run={earlier.name}", *words)
    was, now = (rows(both.folder / name) for name in (f"{earlier.name}_predicted.csv", "now.csv"))
    assert was
    assert [list(row) for row in now] == [list(row) for row in was]
    for name in ("input", "label"):
        assert [row[name] for row in now] == [row[name] for row in was]
    likeliest = [float(row["probability"]) for row in was]
    assert [float(row["probability"]) for row in now] == pytest.approx(likeliest, abs=CLOSE)


def test_runs_lists_and_compares_them(both: Any) -> None:
    listed = {each["id"]: each for each in answer(both, "runs")["runs"]}
    assert listed.keys() == {each.id for each in KNOWN}
    for each in KNOWN:
        metrics = result_of(both, each)["metrics"]
        assert listed[each.id]["status"] == "completed"
        assert metrics.items() <= listed[each.id]["metrics"].items()
    compared = answer(both, "runs", "compare", *(each.name for each in KNOWN))
    assert compared["config"]["model.name"] == {KNOWN[0].id: "cnn", KNOWN[1].id: "text_cnn"}
    losses = {each.id: result_of(both, each)["metrics"]["loss"] for each in KNOWN}
    assert compared["scores"]["loss"] == losses


EXPORTED = [
    KNOWN[0],
    pytest.param(KNOWN[1], marks=pytest.mark.slow(reason="one export is 10 s in three processes")),
]


@pytest.mark.parametrize("run", EXPORTED, ids=lambda each: each.name)
def test_export_agrees_with_the_model_of_then(both: Any, run: Earlier) -> None:
    report = answer(both, "export", f"run={run.name}", "format=[onnx]", "export.samples=16")
    (file,) = report["files"]
    assert report["data_differs"] == []
    assert file["parity"]["agreement"] == 1.0
    assert file["parity"]["differences"]["probabilities"]["max"] < CLOSE


def test_resume_auto_finds_the_run_that_the_same_words_began(fmtool: Any, earlier: Earlier) -> None:
    unpack(fmtool, earlier)
    said = answer(fmtool, "train", *earlier.words, "resume=auto")
    assert Path(said["run_directory"]).name == earlier.id
    assert [path.name for path in fmtool.runs] == [earlier.id]


def test_resume_goes_on_with_more_epochs(fmtool: Any, earlier: Earlier) -> None:
    unpack(fmtool, earlier)
    run = fmtool.folder / "runs" / earlier.id
    was, before = result_of(fmtool, earlier), (run / "metrics.jsonl").read_text()
    said = answer(fmtool, "train", f"resume={earlier.name}", "epochs=3")
    assert (said["run"], said["epochs"]) == (earlier.id, 3)
    assert said["steps"] == was["steps"] * 3 // 2
    assert (run / "metrics.jsonl").read_text().startswith(before)
    assert said["best"]["value"] <= was["best"]["value"]


def test_reproduce_comes_close(fmtool: Any) -> None:
    run = KNOWN[1]
    unpack(fmtool, run)
    said = answer(fmtool, "reproduce", run.name, "tolerance=0.01")
    assert said["verdict"] in ("equal", "close")
    assert said["reproduction"] in {path.name for path in fmtool.runs} - {run.id}


def test_reproduce_says_that_an_earlier_release_may_be_the_difference(fmtool: Any) -> None:
    run = KNOWN[0]
    unpack(fmtool, run)
    done = fmtool("reproduce", run.name, "--json")
    # The loss of training is the same; batch normalization is freed of its start since then.
    assert (done.code, done.json["verdict"]) == (4, "different")
    assert done.json["first_difference"]["field"].startswith("val_")
    assert "fmtool 0.1.0 of 2026-11-30 trained" in done.err
    assert "by other rules, of the statistics of batch normalization" in done.err
