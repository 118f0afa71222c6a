"""Two runs are equal, close or different, and the first value that differs is named."""

import json

import numpy as np
import pytest

from fmtool.errors import DataError
from fmtool.runs import annotations, reproduction
from fmtool.runs.checkpoints import CheckpointStore
from fmtool.runs.layout import RunPaths

ROWS = (
    {"kind": "step", "epoch": 1, "step": 10, "seconds": 0.5, "loss": 2.25},
    {"kind": "epoch", "epoch": 1, "step": 20, "seconds": 0.9, "loss": 2.0, "val_loss": 1.75},
)
ARRAYS = {
    "optimizer/00000": np.array(7, "int64"),
    "trainable/00000": np.arange(6, dtype="float32").reshape(2, 3),
}


@pytest.fixture
def make(tmp_path):
    """Writes a finished run; each keyword replaces what one of its files holds."""

    def make_run(name, *, digests=(), rows=ROWS, arrays=ARRAYS, step=20, metrics=()):
        paths = RunPaths(tmp_path / name)
        paths.root.mkdir()
        manifest = {"data_digest": "d", "selection_digest": "s"} | dict(digests)
        paths.manifest.write_text(json.dumps(manifest))
        paths.metrics.write_text("".join(json.dumps(row) + "\n" for row in rows))
        store = CheckpointStore(paths.checkpoints, keep=2)
        for number in (10, step):
            store.commit(number, lambda at: np.savez(at / "state.npz", **arrays), meta={})
        result = {
            "schema_version": 1,
            "run": name,
            "exit_code": 0,
            "epochs": 1,
            "steps": 20,
            "seconds": 3.0,
            "metrics": {"loss": 0.5, "accuracy": 0.75} | dict(metrics),
            "best": None,
            "error": None,
        }
        paths.result.write_text(json.dumps(result))
        return paths

    return make_run


def compare(was, now, tolerance=1e-3):
    return reproduction.compare(was, now, arrays="state.npz", tolerance=tolerance)


def changed_rows(number, **fields):
    return [row | fields if at == number else row for at, row in enumerate(ROWS, start=1)]


def test_the_same_bits_are_equal(make):
    assert compare(make("was"), make("now")) == reproduction.Comparison("equal", None)


def test_how_fast_a_run_was_does_not_matter(make):
    now = make("now", rows=changed_rows(2, seconds=99.0, samples_per_second=1.0))
    assert compare(make("was"), now).verdict == "equal"


def array(key, **changes):
    """ARRAYS with elements, or the whole, of one of them replaced."""
    value = ARRAYS[key].copy()
    for place, element in changes.items():
        value.flat[int(place[1:])] = element
    return ARRAYS | {key: value}


CHECKPOINT = "checkpoints/step-20/state.npz"
KEY = "trainable/00000"


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (
            {"digests": {"data_digest": "e"}},
            {"where": "manifest.json", "field": "data_digest", "was": "d", "is": "e"},
        ),
        (
            {"digests": {"selection_digest": "t"}},
            {"where": "manifest.json", "field": "selection_digest", "was": "s", "is": "t"},
        ),
        (
            {"rows": changed_rows(2, val_loss=1.7500000000000002)},
            {
                "where": "metrics.jsonl",
                "row": 2,
                "field": "val_loss",
                "was": 1.75,
                "is": 1.7500000000000002,
            },
        ),
        (
            {"rows": changed_rows(1, val_loss=1.0)},
            {"where": "metrics.jsonl", "row": 1, "field": "val_loss", "was": None, "is": 1.0},
        ),
        (
            {"rows": ROWS[:1]},
            {"where": "metrics.jsonl", "field": "rows", "was": 2, "is": 1},
        ),
        (
            {"step": 30},
            {"where": "checkpoints", "field": "last", "was": "step-20", "is": "step-30"},
        ),
        (
            {"arrays": array(KEY, _4=4.5, _5=9.0)},
            {"where": CHECKPOINT, "key": KEY, "field": "[1, 1]", "was": 4.0, "is": 4.5},
        ),
        (
            {"arrays": array("optimizer/00000", _0=8)},
            {"where": CHECKPOINT, "key": "optimizer/00000", "field": "[]", "was": 7, "is": 8},
        ),
        (
            {"arrays": ARRAYS | {KEY: ARRAYS[KEY].astype("float64")}},
            {
                "where": CHECKPOINT,
                "key": KEY,
                "field": "dtype",
                "was": "float32",
                "is": "float64",
            },
        ),
        (
            {"arrays": ARRAYS | {KEY: ARRAYS[KEY].T}},
            {"where": CHECKPOINT, "key": KEY, "field": "shape", "was": "(2, 3)", "is": "(3, 2)"},
        ),
        (
            {"arrays": ARRAYS | {"more": np.zeros(1)}},
            {"where": CHECKPOINT, "key": "more", "field": "present", "was": False, "is": True},
        ),
        (
            {"metrics": {"accuracy": 0.7501}},
            {
                "where": "result.json",
                "key": "metrics",
                "field": "accuracy",
                "was": 0.75,
                "is": 0.7501,
            },
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_one_changed_value_is_named_with_what_was_and_what_is(make, parts, expected):
    found = compare(make("was"), make("now", **parts))
    assert found.verdict == "close"
    assert found.first.to_json() == {"row": None, "key": None} | expected


def test_the_first_difference_in_the_order_of_a_training_is_named(make):
    arrays = ARRAYS | {KEY: ARRAYS[KEY] + 1}
    was = make("was")
    later = make("later", arrays=arrays, metrics={"loss": 0.6})
    earlier = make("earlier", arrays=arrays, rows=changed_rows(1, loss=9.0))
    assert compare(was, later).first.where == CHECKPOINT
    assert compare(was, earlier).first.where == "metrics.jsonl"


@pytest.mark.parametrize(
    ("score", "tolerance", "verdict"),
    [
        (0.7505, 1e-3, "close"),
        (0.7495, 1e-3, "close"),
        (0.752, 1e-3, "different"),
        (0.748, 1e-3, "different"),
        (0.752, 1e-2, "close"),
        (0.75 + 1e-12, 0.0, "different"),
        (None, 1e9, "different"),
    ],
)
def test_close_means_every_score_within_the_tolerance(make, score, tolerance, verdict):
    now = make("now", metrics={"accuracy": score})
    assert compare(make("was"), now, tolerance).verdict == verdict


def test_other_weights_with_the_same_scores_are_close(make):
    now = make("now", arrays=array(KEY, _0=1e30))
    assert compare(make("was"), now, tolerance=0.0).verdict == "close"


def test_another_set_of_scores_is_different(make):
    now = make("now", metrics={"f1_macro": 0.5})
    assert compare(make("was"), now, tolerance=1e9).verdict == "different"


def test_figures_that_reports_have_only_since_are_not_a_difference(make):
    now = make("now", metrics={"brier": 0.5})
    assert compare(make("was"), now).verdict == "equal"
    assert compare(make("had", metrics={"brier": 0.4}), now).first.field == "brier"


def test_of_a_run_of_an_earlier_release_figures_that_mean_the_same_are_compared(make):
    was = make("was", metrics={"f1_macro": 0.5})
    now = make("now", metrics={"f1_macro": 0.75, "f1_macro_all": 0.5, "top_5_accuracy": None})
    document = json.loads(now.result.read_text())
    now.result.write_text(json.dumps(document | {"absent_classes": ["c"]}))
    assert compare(was, now).verdict == "equal"
    document["metrics"]["f1_macro_all"] = 0.6
    now.result.write_text(json.dumps(document | {"absent_classes": ["c"]}))
    assert compare(was, now).first.field == "f1_macro_all"


def test_bits_count_and_not_values(make):
    was = make("was", arrays={"a": np.array([0.0]), "b": np.array([np.nan])})
    same = make("same", arrays={"a": np.array([0.0]), "b": np.array([np.nan])})
    signed = make("signed", arrays={"a": np.array([-0.0]), "b": np.array([np.nan])})
    assert compare(was, same).verdict == "equal"
    assert compare(was, signed).first.key == "a"


def test_values_that_json_does_not_know_are_shown_all_the_same(make):
    was = make("was", arrays={"nan": np.array([np.nan]), "half": np.array([b"\x80?"], "V2")})
    now = make("now", arrays={"nan": np.array([np.nan]), "half": np.array([b"\x00@"], "V2")})
    first = compare(was, now).first.to_json()
    assert (first["was"], first["is"]) == ("803f", "0040")
    other = make("other", arrays={"nan": np.array([1.0]), "half": np.array([b"\x80?"], "V2")})
    assert compare(was, other).first.to_json()["was"] is None


def test_empty_arrays_are_equal(make):
    empty = {"a": np.zeros((0, 3), "float32")}
    assert compare(make("was", arrays=empty), make("now", arrays=empty)).verdict == "equal"


@pytest.mark.parametrize("text", ["{", "[1]\n", "\n", "[" * 100_000])
def test_metrics_that_cannot_be_read_are_an_error_that_names_the_file(make, text):
    was = make("was")
    was.metrics.write_text(text)
    with pytest.raises(DataError, match=r"metrics\.jsonl"):
        compare(was, make("now"))


def test_a_run_without_checkpoint_is_an_error(make):
    was, now = make("was"), make("now")
    was.checkpoints.rename(was.root / "gone")
    with pytest.raises(DataError, match="no checkpoint"):
        compare(was, now)


def test_a_run_whose_checkpoints_were_pruned_is_close_at_best(make):
    was, now = make("a"), make("b")
    annotations.write(was, annotations.Annotations(pruned="2026-01-01T00:00:00+00:00"))
    assert compare(was, now).verdict == "equal"
    CheckpointStore(was.checkpoints, keep=1).remove([*was.checkpoints.glob("step-*")])
    found = compare(was, now)
    assert (found.verdict, found.first.field, found.first.was) == ("close", "last", None)


def test_an_array_that_would_unpickle_is_refused(make):
    was = make("was", arrays={"a": np.array([{}])})
    with pytest.raises(DataError, match=r"state\.npz"):
        compare(was, make("now", arrays={"a": np.array([{}])}))


def test_other_data_are_told_before_any_training(make):
    was = make("was")
    assert reproduction.compare_data(was, "d") is None
    found = reproduction.compare_data(was, "e")
    assert found.verdict == "different"
    assert str(found.first) == "manifest.json data_digest: d then, e now"


def test_a_difference_reads_as_one_line():
    row = reproduction.Difference("metrics.jsonl", "loss", 0.5, 0.25, row=3)
    element = reproduction.Difference("state.npz", "[0, 1]", 1.0, 2.0, key="trainable/00000")
    assert str(row) == "metrics.jsonl row 3 loss: 0.5 then, 0.25 now"
    assert str(element) == "state.npz trainable/00000 [0, 1]: 1.0 then, 2.0 now"
