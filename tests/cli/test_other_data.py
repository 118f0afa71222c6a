"""`evaluate`, `export`, `predict` and resume where config or data are not those of the run."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from in_one_process import QUIET, TORCH, OneProcess

MODEL = ("model=mlp", "model.units=[8]")


class Bench:
    """A run on arrays, and commands on copies of it."""

    def __init__(self, command, outcome_type):
        self.command, self.folder = command, command.folder
        self._ask, self._outcome = OneProcess(command), outcome_type

    def __call__(self, *argv):
        return self._outcome(*self._ask(*argv))

    def close(self):
        self._ask.close()

    def copy(self, run, name):
        target = self.folder / "copies" / name
        shutil.copytree(self.folder / run, target)
        return f"copies/{name}"


def samples(count, classes=3, seed=0):
    """uint8 (n, 4, 4, 1) whose level tells the class, in a mixed order."""
    generator = np.random.default_rng(seed)
    y = generator.permutation(np.arange(count) % classes)
    x = generator.integers(0, 40, (count, 4, 4, 1)) + 80 * y[:, None, None, None]
    return x.astype(np.uint8), y.astype(np.int32)


def save(path, x, y, suffix="", **more):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **{f"x{suffix}": x, f"y{suffix}": y}, **more)


@pytest.fixture(scope="module")
def bench(session_command, tmp_path_factory):
    from conftest import Outcome

    made = Bench(session_command(tmp_path_factory.mktemp("other_data")), Outcome)
    save(made.folder / "set.npz", *samples(150), class_names=np.array(["cat", "dog", "eel"]))
    words = (*MODEL, *TORCH, *QUIET, "data=arrays", "data.path=set.npz", "epochs=2")
    trained = made("train", *words, "runs_dir=runs", "--json")
    assert trained.code == 0, trained.err
    made.run = trained.json["run_directory"]
    yield made
    made.close()


@pytest.fixture
def replaced(bench):
    """The data of the run are put back after the test."""
    place = bench.folder / "set.npz"
    kept = place.read_bytes()
    yield place
    place.write_bytes(kept)


def manifest_with(bench, run, **changes):
    path = bench.folder / run / "manifest.json"
    document = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: value for key, value in document.items() if value != ""}))


def test_other_data_under_the_same_path_are_refused_unless_the_path_is_typed(bench, replaced):
    same = bench("evaluate", f"run={bench.run}", "--json")
    assert (same.code, same.json["data_differs"]) == (0, [])
    save(replaced, *samples(140, seed=1), class_names=np.array(["cat", "dog", "fox"]))
    name = Path(bench.run).name
    for command in ("evaluate", "export"):
        refused = bench(command, f"run={bench.run}")
        assert refused.code == 78
        assert (
            f"error: the data are not those of run {name}: class 'eel' is gone; class 'fox' is "
            "new; train has 112 samples, had 120; test has 28 samples, had 30; data_digest "
        ) in refused.err
        assert refused.err.endswith(
            "; fix: restore them, or type data.path=set.npz if you mean these\n"
        )


def test_other_labels_alone_are_other_data_and_the_fix_works_as_it_is_typed(bench, replaced):
    x, y = samples(150)
    save(replaced, x, (y + 1) % 3, class_names=np.array(["cat", "dog", "eel"]))
    refused = bench("evaluate", f"run={bench.run}")
    assert refused.code == 78
    assert ": samples, labels or their order are other ones; data_digest " in refused.err
    words = refused.err.partition("or type ")[2].partition(" if ")[0]
    meant = bench("evaluate", f"run={bench.run}", words, "--json")
    assert meant.code == 0
    assert f"other data than those of run {Path(bench.run).name}, as {words} says: " in meant.err
    (differs,) = meant.json["data_differs"]
    assert differs["what"] == "data_digest"
    assert differs["was"] != differs["is"]
    saved = json.loads((bench.folder / meant.json["files"][0]).read_text())
    assert saved["data_differs"] == [differs]


def test_resume_says_what_of_the_data_differs_and_can_be_allowed_to_go_on(bench, replaced):
    run = bench.copy(bench.run, "resumed")
    save(replaced, *samples(153, seed=2), class_names=np.array(["cat", "dog", "eel"]))
    refused = bench("train", f"resume={run}", "epochs=3")
    assert refused.code == 78
    assert (
        "error: run resumed cannot go on with other data: train has 122 samples, had 120; test "
        "has 31 samples, had 30; data_digest "
    ) in refused.err
    fix = refused.err.rstrip().rpartition(" or ")[2]
    assert fix == "allow_change=[data_digest,selection_digest]"
    assert bench("train", f"resume={run}", "epochs=3", *fix.split()).code == 0
    # From here on the run is one on these data.
    assert bench("evaluate", f"run={run}").code == 78


def test_a_run_of_earlier_rules_proves_nothing_and_is_measured_with_one_warning(bench):
    run = bench.copy(bench.run, "old")
    manifest_with(bench, run, rules="", data_digest="0" * 64, started="2026-10-01T00:00:00+00:00")
    measured = bench("evaluate", f"run={run}", "--json")
    assert measured.code == 0
    warning = measured.err.splitlines()[1]
    assert warning.startswith(
        "warning: whether the data are those of run old is not known, as fmtool 0.1.0 of "
        "2026-10-01 read them by other rules: "
    )
    assert len(measured.err.splitlines()) == 2
    assert measured.json["data_differs"][0]["what"] == "data_digest"
    resumed = bench("train", f"resume={run}", "epochs=3")
    assert resumed.code == 78
    assert (
        "run old cannot go on with data that fmtool 0.1.0 of 2026-10-01 read by other rules: "
    ) in resumed.err
    assert "; fix: go on with it by fmtool 0.1.0 of 2026-10-01, start a new run, or allow" in (
        resumed.err
    )
    # Equal digests prove equal data under any rules.
    manifest_with(bench, run, data_digest=manifest(bench, bench.run)["data_digest"])
    assert "warning" not in bench("evaluate", f"run={run}").err


def test_which_samples_are_trained_on_matters_to_all_splits_but_test(bench):
    run = bench.copy(bench.run, "selection")
    manifest_with(bench, run, selection_digest="0" * 64)
    assert bench("evaluate", f"run={run}", "--json").json["data_differs"] == []
    for split in ("validation", "train"):
        refused = bench("evaluate", f"run={run}", f"split={split}")
        assert refused.code == 78
        assert "other samples are trained or validated on, selection_digest 0000" in refused.err


def manifest(bench, run):
    return json.loads((bench.folder / run / "manifest.json").read_text())


@pytest.mark.parametrize(
    ("was", "now", "key"),
    [
        ("seed: 0", "seed: 1", "seed: 0 -> 1; fix: put it back to seed: 0"),
        (
            "validation_fraction: 0.1",
            "validation_fraction: 0.2",
            "data.validation_fraction: 0.1 -> 0.2; fix: put it back to data.validation_fraction: "
            "0.1, or type data.validation_fraction=0.2",
        ),
    ],
)
def test_a_config_that_was_edited_is_named_with_its_key_by_every_command(bench, was, now, key):
    run = bench.copy(bench.run, now.replace(": ", "_"))
    file = bench.folder / run / "config.yaml"
    text = file.read_text()
    assert was in text
    file.write_text(text.replace(was, now))
    lines = {
        bench(*words).err
        for words in (
            ("evaluate", f"run={run}", "split=validation"),
            ("export", f"run={run}"),
            ("predict", f"run={run}", "input=set.npz"),
            ("reproduce", run),
        )
    }
    start = f"error: {run}/config.yaml was edited since the run was made: {key}"
    assert all(line.startswith(start.partition(", or type")[0]) for line in lines), lines
    resumed = bench("train", f"resume={run}", "epochs=3")
    assert resumed.code == 78
    assert f"another configuration: {key.partition(';')[0]}" in resumed.err
    if "or type" in key:
        typed = bench("evaluate", f"run={run}", "split=validation", key.rpartition(" ")[2])
        assert typed.code == 0
        assert "says: other samples are trained or validated on" in typed.err


def test_data_that_moved_and_what_no_number_depends_on_may_be_edited(bench):
    run = bench.copy(bench.run, "moved")
    shutil.copy(bench.folder / "set.npz", bench.folder / "moved.npz")
    file = bench.folder / run / "config.yaml"
    text = file.read_text().replace("path: set.npz", "path: moved.npz")
    file.write_text(text.replace("epochs: 2", "epochs: 9"))
    ended = bench("evaluate", f"run={run}", "--json")
    assert (ended.code, len(ended.err.splitlines()), ended.json["data_differs"]) == (0, 1, [])
