"""The order and the spelling of classes: the same for every kind of data of a user's own."""

import numpy as np
import pytest
from PIL import Image

from fmtool.cli.data_check import load_local

KINDS = ("folders", "picture_table", "text_table", "json_lines", "text_folders", "class_files")


@pytest.fixture
def written(fmtool):
    """Writes ten samples of each class as a data set of a kind; gives the words that check it."""

    def write(kind, names):
        root = fmtool.folder / "mine"
        root.mkdir()
        samples = [name for name in names for _ in range(10)]
        rng = np.random.default_rng(0)
        for number, name in enumerate(samples):
            file = root / ("pictures" if kind == "picture_table" else name) / f"{number}"
            if kind in ("folders", "picture_table"):
                file.parent.mkdir(exist_ok=True)
                Image.fromarray(rng.integers(0, 256, (4, 4), np.uint8)).save(f"{file}.png")
            elif kind == "text_folders":
                file.parent.mkdir(exist_ok=True)
                file.with_name(f"{number}.txt").write_text(f"text {number}")
            elif kind == "class_files":
                with (root / f"{name}.txt").open("a") as lines:
                    lines.write(f"text {number}\n")
        if kind == "picture_table":
            rows = (f"pictures/{n}.png,{name}\n" for n, name in enumerate(samples))
            (root / "t.csv").write_text("path,label\n" + "".join(rows))
        elif kind == "text_table":
            rows = (f"text {n},{name}\n" for n, name in enumerate(samples))
            (root / "t.csv").write_text("text,label\n" + "".join(rows))
        elif kind == "json_lines":
            rows = (
                f'{{"text": "text {n}", "label": "{name}"}}\n' for n, name in enumerate(samples)
            )
            (root / "t.jsonl").write_text("".join(rows))
        file = {"picture_table": "t.csv", "text_table": "t.csv", "json_lines": "t.jsonl"}.get(kind)
        option = "image_folder" if kind in ("folders", "picture_table") else "text"
        return option, str(root / file if file else root)

    return write


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "names", [[str(number) for number in range(12)], ["class1", "class2", "class10"]]
)
def test_classes_are_in_natural_order(written, kind, names):
    option, path = written(kind, sorted(names))
    assert list(load_local(option, {"path": path}).class_names) == names


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("names", "said"),
    [(["neg", "pos", "Neg"], "'Neg' (10) and 'neg' (10)"), (["01", "1", "2"], "'01' (10) and '1'")],
)
def test_two_spellings_of_a_class_are_refused(call, written, kind, names, said):
    option, path = written(kind, names)
    checked = call("data", "check", option, f"path={path}")
    assert checked.code == 65
    inspected = call("data", "inspect", f"path={path}")
    # Not every file system has two names that differ in case only.
    by_rule = names[0] == "01" or kind not in ("folders", "text_folders", "class_files")
    for text in (checked.err, inspected.out + inspected.err):
        assert (f"names collide: {said}" if by_rule else "names collide") in text
