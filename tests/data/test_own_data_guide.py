"""The commands of docs/own-data.md run in their order, as they stand there."""

import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "own-data.md").read_text(encoding="utf-8")
SMALL = ("model.filters=[8,16]", "model.dense_units=[]", "epochs=3", "batch_size=32")


def commands(section=""):
    """The three at the beginning of the page, or of a section."""
    text = GUIDE[GUIDE.index(section) :]
    first, *_ = re.findall(r"```console\n(.*?)```", text, flags=re.DOTALL)
    return re.findall(r"^\$ fmtool (.*)$", first, flags=re.MULTILINE)


@pytest.fixture
def photographs(fmtool):
    """A folder `pets` of 60 pieces of each of scikit-learn's two photographs, of several sizes."""
    package = find_spec("sklearn")
    assert package is not None
    assert package.origin is not None
    rng = np.random.default_rng(0)
    for label, name in (("cat", "china"), ("dog", "flower")):
        path = Path(package.origin).parent / "datasets" / "images" / f"{name}.jpg"
        (fmtool.folder / "pets" / label).mkdir(parents=True)
        with Image.open(path) as whole:
            for number in range(60):
                height, width = rng.integers(48, 72, 2)
                left, top = rng.integers(0, 640 - width), rng.integers(0, 427 - height)
                piece = whole.crop((left, top, left + width, top + height))
                piece.save(fmtool.folder / "pets" / label / f"{number}.jpg", quality=92)


@pytest.mark.slow
def test_the_three_commands_lead_to_a_trained_and_evaluated_model(fmtool, photographs):
    inspect, train, evaluate = commands()
    shown = fmtool(*shlex.split(inspect))
    assert shown.code == 0, shown.err
    assert f"  fmtool {train}\n  fmtool {evaluate}\n" in shown.out
    outcomes = [fmtool(*shlex.split(each), "--json") for each in (train, evaluate)]
    assert [each.code for each in outcomes] == [0, 0], outcomes[0].err
    assert outcomes[1].json["accuracy"] == outcomes[0].json["metrics"]["accuracy"]


@pytest.mark.slow
def test_the_three_commands_for_texts_lead_from_a_table_to_an_evaluated_model(fmtool, call):
    rows = (
        f"{word} film number {number},{label}\n"
        for number in range(60)
        for word, label in (("good", "positive"), ("bad", "negative"))
    )
    fmtool.write("reviews.csv", "review,sentiment\n" + "".join(rows))
    inspect, train, evaluate = commands("## Text\n")
    shown = call(*shlex.split(inspect))
    assert shown.code == 0, shown.err
    assert f"  fmtool {train.removesuffix(' epochs=5')}\n  fmtool {evaluate}\n" in shown.out
    outcomes = [fmtool(*shlex.split(each), "--json") for each in (train, evaluate)]
    assert [each.code for each in outcomes] == [0, 0], outcomes[0].err
    assert outcomes[1].json["accuracy"] == outcomes[0].json["metrics"]["accuracy"] > 0.9


@pytest.mark.slow
def test_scanned_digits_are_learnt_by_the_printed_line(fmtool):
    digits = load_digits()
    for number, (image, label) in enumerate(zip(digits.images, digits.target, strict=True)):
        path = fmtool.folder / "scans" / str(label) / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((image * 15).astype(np.uint8)).save(path)
    report = fmtool("data", "inspect", "path=scans", "--json").json
    assert messages(report) == []
    line = shlex.split(report["next"][0])[1:]
    outcome = fmtool(*line, *SMALL, "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.json["metrics"]["accuracy"] > 0.7


def messages(report):
    return [each["message"] for each in report["problems"]]


@pytest.mark.parametrize("key", ["path_column", "label_column", "split_column", "pictures_dir"])
def test_the_guide_names_the_keys_of_a_table_with_their_usual_columns(key):
    from fmtool.data.reading.picture_columns import USUAL_NAMES

    row = next(line for line in GUIDE.splitlines() if line.startswith(f"| `{key}` |"))
    for name in USUAL_NAMES.get(key.removesuffix("_column"), ()):
        assert f"`{name}`" in row
