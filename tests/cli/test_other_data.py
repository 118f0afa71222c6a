"""`evaluate`, `export`, `predict` and resume where config or data are not those of the run."""

import csv
import json
import os
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from in_one_process import QUIET, TORCH, OneProcess
from PIL import Image

MODEL = ("model=mlp", "model.units=[8]")


class Bench:
    """A run on arrays, and commands on copies of it."""

    def __init__(self, command, outcome_type):
        self.command, self.folder = command, command.folder
        self._ask, self._outcome = OneProcess(command), outcome_type

    def __call__(self, command, *words):
        quiet = ("plots=false",) if command == "evaluate" else ()
        return self._outcome(*self._ask(command, *words, *quiet))

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
    assert "data.path=set.npz: all 150 samples are measured; they are not the data of" in meant.err
    assert (
        "warning: data.path=set.npz is the path of the run: it may have been trained" in meant.err
    )
    differs = meant.json["data_differs"]
    assert [(each["what"], each["is"]) for each in differs] == [("data_digest", None)]
    saved = json.loads((bench.folder / meant.json["files"][0]).read_text())
    assert saved["data_differs"] == differs


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


def pictures(folder, classes, count, *, size=4, part=""):
    """Grey pictures whose level is 20 times the number that their class is called by."""
    for name in classes:
        place = folder / part / name
        place.mkdir(parents=True)
        for number in range(count):
            level = 20 * int(name) + number
            Image.new("L", (size, size), level).save(place / f"{number}.png")


TWELVE = [str(number) for number in range(12)]


@pytest.fixture(scope="module")
def shown(bench):
    """A run on class folders called 0 to 11."""
    pictures(bench.folder / "pictures", TWELVE, 6)
    words = (*MODEL, *TORCH, *QUIET, "data=image_folder", "data.path=pictures", "batch_size=8")
    trained = bench("train", *words, "epochs=1", "optimizer.learning_rate=0.01", "--json")
    assert trained.code == 0, trained.err
    return trained.json["run_directory"]


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_another_folder_is_measured_whole_with_the_classes_of_the_run_by_name(bench, shown):
    pictures(bench.folder / "new", ["10", "2", "7"], 8)
    words = ("data.path=new", "predictions=new.csv", "--json")
    ended = bench("evaluate", f"run={shown}", *words)
    assert ended.code == 0, ended.err
    assert ended.json["split"] == "all"
    assert ended.json["samples"] == 24
    assert ended.json["absent_classes"] == ["0", "1", "3", "4", "5", "6", "8", "9", "11"]
    (line,) = ended.err.splitlines()
    assert line == ("data.path=new: all 24 samples are measured; they are not the data of the run")
    assert [(each["what"], each["is"]) for each in ended.json["data_differs"]] == [
        ("data_digest", None),
        ("samples", 24),
    ]
    names = [Path(file).name for file in ended.json["files"]]
    assert names == ["image_folder_other_all.json", "new.csv"]
    rows = rows_of(bench.folder / "new.csv")
    assert len(rows) == 24
    assert all(row["truth"] == row["input"].split("/")[0] for row in rows)
    assert list(rows[0])[:6] == [
        "input", "split", "truth", "label", "probability", "probability of 0"
    ]  # fmt: skip
    correct = sum(row["truth"] == row["label"] for row in rows)
    assert ended.json["accuracy"] == correct / 24
    for row in rows:
        shares = [float(row[f"probability of {name}"]) for name in TWELVE]
        assert sum(shares) == pytest.approx(1, abs=1e-5)
        assert TWELVE[int(np.argmax(shares))] == row["label"]
        assert max(shares) == float(row["probability"])


def test_a_folder_with_nothing_but_a_test_part_is_measured(bench, shown):
    pictures(bench.folder / "tested", ["3", "11"], 2, part="test")
    ended = bench("evaluate", f"run={shown}", "data.path=tested", "--json")
    assert (ended.code, ended.json["split"], ended.json["samples"]) == (0, "test", 4)
    pictures(bench.folder / "tested", ["3"], 5, part="train")
    ended = bench("evaluate", f"run={shown}", "data.path=tested", "--json")
    assert (ended.json["split"], ended.json["samples"]) == ("test", 4)
    assert "the 4 of test samples are measured" in ended.err
    whole = bench("evaluate", f"run={shown}", "data.path=tested", "split=all", "--json")
    assert (whole.json["split"], whole.json["samples"]) == ("all", 9)


def test_an_unknown_class_and_a_missing_part_are_refused_and_the_fix_works(bench, shown):
    pictures(bench.folder / "more", ["1", "12"], 2)
    refused = bench("evaluate", f"run={shown}", "data.path=more")
    assert refused.code == 65
    assert "more/12: class '12' is none of the run's, which are '0', '1', '2', '3', " in refused.err
    shutil.rmtree(bench.folder / "more" / "12")
    refused = bench("evaluate", f"run={shown}", "data.path=more", "split=test")
    assert refused.code == 2
    assert refused.err == (
        "error: split=test: data.path=more has no such part of its own; fix: split=all\n"
    )
    fix = refused.err.split("fix: ")[1].strip()
    ended = bench("evaluate", f"run={shown}", "data.path=more", fix, "--json")
    assert (ended.code, ended.json["samples"]) == (0, 2)


def test_the_data_of_the_run_in_another_place_are_split_as_the_run_split_them(bench, shown):
    shutil.copytree(bench.folder / "pictures", bench.folder / "elsewhere")
    there, here = (
        bench("evaluate", f"run={shown}", *words, "--json")
        for words in ((), ("data.path=elsewhere",))
    )
    assert here.json == there.json
    assert (here.json["split"], here.json["data_differs"]) == ("test", [])
    # One picture more, and they are other data, which the run was trained on in part.
    Image.new("L", (4, 4), 255).save(bench.folder / "pictures" / "3" / "new.png")
    more = bench("evaluate", f"run={shown}", "data.path=pictures", "--json")
    assert (more.code, more.json["samples"]) == (0, 73)
    assert "warning: data.path=pictures is the path of the run" in more.err
    (bench.folder / "pictures" / "3" / "new.png").unlink()


def test_all_of_the_run_lists_which_samples_were_held_out(bench, shown):
    ended = bench("evaluate", f"run={shown}", "split=all", "predictions=all.jsonl", "--json")
    assert (ended.code, ended.json["samples"]) == (0, 72)
    assert "warning: split=all: the run was trained on 52 of the 72 samples" in ended.err
    rows = [json.loads(line) for line in (bench.folder / "all.jsonl").read_text().splitlines()]
    parts = Counter(row["split"] for row in rows)
    assert parts == {"train": 52, "validation": 6, "test": 14}
    listed = {(row["input"], row["split"]) for row in rows}
    assert {name for name, _ in listed} == {
        f"{folder}/{number}.png" for folder in TWELVE for number in range(6)
    }
    assert all(row["truth"] == row["input"].split("/")[0] for row in rows)
    for part in ("test", "validation"):
        bench("evaluate", f"run={shown}", f"split={part}", f"predictions={part}.csv")
        held_out = {(row["input"], part) for row in rows_of(bench.folder / f"{part}.csv")}
        assert held_out == {each for each in listed if each[1] == part}


def test_what_goes_on_in_a_copy_by_hard_links_leaves_the_original_as_it_was(bench):
    copied = bench.folder / "copies" / "linked"
    shutil.copytree(bench.folder / bench.run, copied, copy_function=os.link)
    files = [path for path in (bench.folder / bench.run).rglob("*") if path.is_file()]
    before = {path: path.read_bytes() for path in files}
    assert bench("train", "resume=copies/linked", "epochs=3").code == 0
    assert bench("evaluate", "run=copies/linked").code == 0
    assert {path: path.read_bytes() for path in files} == before
    assert len((copied / "metrics.jsonl").read_text().splitlines()) > 2


def test_a_table_with_nothing_but_test_rows_is_measured(bench, shown):
    folder = bench.folder / "table"
    pictures(folder, ["4", "9"], 3)
    lines = ["path,label,split", *(f"{c}/{n}.png,{c},test" for c in (9, 4) for n in range(3))]
    (folder / "list.csv").write_text("\n".join(lines))
    ended = bench("evaluate", f"run={shown}", "data.path=table/list.csv", "--json")
    assert (ended.code, ended.json["split"], ended.json["samples"]) == (0, "test", 6)
    (folder / "list.csv").write_text("path,label\n4/0.png,4\n")
    ended = bench("evaluate", f"run={shown}", "data.path=table/list.csv", "--json")
    assert (ended.code, ended.json["split"], ended.json["samples"]) == (0, "all", 1)


def test_arrays_for_testing_alone_are_measured_and_classes_found_by_their_names(bench):
    x, y = samples(30, seed=5)
    save(bench.folder / "one.npz", x, y, "_test")
    save(bench.folder / "two.npz", x, 2 - y, class_names=np.array(["eel", "dog", "cat"]))
    words = ("predictions=numbers.csv", "--json")
    one = bench("evaluate", f"run={bench.run}", "data.path=one.npz", *words)
    assert (one.code, one.json["split"], one.json["samples"]) == (0, "test", 30)
    truth = [row["truth"] for row in rows_of(bench.folder / "numbers.csv")]
    assert truth == [("cat", "dog", "eel")[label] for label in y]
    two = bench("evaluate", f"run={bench.run}", "data.path=two.npz", *words)
    assert (two.code, two.json["split"]) == (0, "all")
    assert truth == [row["truth"] for row in rows_of(bench.folder / "numbers.csv")]
    assert two.json["loss"] == one.json["loss"]
    save(bench.folder / "bad.npz", x, y, class_names=np.array(["cat", "dog", "ray"]))
    refused = bench("evaluate", f"run={bench.run}", "data.path=bad.npz")
    assert refused.code == 65
    assert "class 'ray' is none of the run's, which are 'cat', 'dog', 'eel'" in refused.err


def test_texts_are_measured_by_the_tokenizer_of_the_run(bench):
    texts = [f"{word} number {n},{word}" for n in range(12) for word in ("good", "bad")]
    (bench.folder / "texts.csv").write_text("\n".join(["text,label", *texts]))
    words = ("model=rnn", "model.units=4", "model.embedding_dim=4", *TORCH, *QUIET, "epochs=1")
    trained = bench("train", *words, "data=text", "data.path=texts.csv", "batch_size=8", "--json")
    assert trained.code == 0, trained.err
    run = trained.json["run_directory"]
    (bench.folder / "hard.csv").write_text('label,text\ngood,"=1+1 is good"\ngood,a number\n')
    words = ("data.path=hard.csv", "predictions=hard_predictions.csv", "--json")
    ended = bench("evaluate", f"run={run}", *words)
    assert ended.code == 0, ended.err
    assert (ended.json["split"], ended.json["samples"]) == ("all", 2)
    assert ended.json["absent_classes"] == ["bad"]
    rows = rows_of(bench.folder / "hard_predictions.csv")
    assert [(row["input"], row["truth"]) for row in rows] == [("2", "good"), ("3", "good")]
    (bench.folder / "hard.csv").write_text("label,text\ngood,a\nworse,b\n")
    refused = bench("evaluate", f"run={run}", "data.path=hard.csv")
    assert refused.code == 65
    assert "hard.csv:3: class 'worse' is none of the run's, which are 'bad', 'good'" in refused.err


def test_names_in_predictions_are_no_formulas_and_else_what_the_files_are_called(bench, shown):
    place = bench.folder / "odd" / "5"
    place.mkdir(parents=True)
    for name in ("=1+1.png", "a\x1b[31mb.png"):
        Image.new("L", (4, 4), 100).save(place / name)
    table = bench.folder / "odd" / "5" / "list.csv"
    table.write_text('path,label\n"=1+1.png",5\n')
    bench("evaluate", f"run={shown}", "data.path=odd/5/list.csv", "predictions=odd.csv")
    assert [row["input"] for row in rows_of(bench.folder / "odd.csv")] == ["'=1+1.png"]
    table.unlink()
    ended = bench("evaluate", f"run={shown}", "data.path=odd", "predictions=odd.csv")
    assert ended.code == 0
    found = {(row["input"], row["split"]) for row in rows_of(bench.folder / "odd.csv")}
    assert found == {("5/=1+1.png", "all"), ("5/a\x1b[31mb.png", "all")}
    assert "\x1b" not in ended.out + ended.err
    refused = bench("evaluate", f"run={shown}", "predictions=odd.txt")
    assert refused.code == 2
    assert "error: predictions=odd.txt: neither .csv nor .jsonl; fix: " in refused.err


def test_classes_of_a_shipped_set_are_compared_by_name_too(bench, shown):
    refused = bench("evaluate", f"run={shown}", "data=digits", "--json")
    assert refused.code == 65
    assert "data=digits has 12 classes of (8, 8, 1) images, the model was made for" in refused.err
    refused = bench("evaluate", f"run={bench.run}", "data=digits")
    assert "data=digits: class '0' is none of the run's, which are 'cat', 'dog'" in refused.err
