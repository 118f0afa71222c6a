"""The command that inspect proposes is run as it is printed, for every kind of data: it trains."""

import json
import math
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fmtool.data.inspection.kinds import DESCRIPTIONS

RANDOM = np.random.default_rng(0)
SMALL = {
    "cnn": ["model.filters=[4]", "model.dense_units=[]"],
    "mlp": ["model.units=[8]"],
    "text_cnn": ["model.filters=4"],
}
BESIDE = ("epochs=1", "logging=quiet", "runtime.backend=torch", "runtime.threads=1")
COUNT = 24
"""Samples of each class."""
DRY = (
    "pictures of several sizes", "small pictures", "a key for pictures", "pictures with numbers",
    "the column that is said", "semicolons", "small images", "rows", "rows with numbers",
    "rows with several labels", "loose quotes", "several classes in a cell", "columns of classes",
    "objects", "files by endings", "files without endings",
)  # fmt: skip
"""Cases whose training would say nothing more than its first batch does."""
QUICK = ("small pictures", "a key for pictures", "the column that is said", "loose quotes")
"""Those of them that are not among the slow tests."""


def pictures(root: Path, *, sides: tuple[int, ...] = (28,), mode: str = "RGB") -> None:
    for name in ("cat", "dog"):
        (root / name).mkdir(parents=True)
        for number in range(COUNT):
            side = sides[number % len(sides)]
            noise = RANDOM.integers(0, 256, (side, side, 3), dtype=np.uint8)
            Image.fromarray(noise).convert(mode).save(root / name / f"{number}.png")


def odd_pictures(root: Path) -> None:
    """Of several modes, sizes and depths."""
    pictures(root, sides=(20, 40))
    for name in ("cat", "dog"):
        for number, mode in enumerate(("L", "RGBA", "P", "CMYK")):
            noise = RANDOM.integers(0, 256, (30, 30, 4), dtype=np.uint8)
            made = Image.fromarray(noise, "RGBA").convert("RGB").convert(mode)
            made.save(root / name / f"odd{number}.{'jpg' if mode == 'CMYK' else 'png'}")
        deep = RANDOM.integers(0, 65536, (30, 30)).astype(np.uint16)
        Image.fromarray(deep).save(root / name / "deep.png")


def picture_table(root: Path) -> None:
    pictures(root / "photos")
    rows = [f"{name}/{n}.png,{name}" for n in range(COUNT) for name in ("cat", "dog")]
    (root / "list.csv").write_text("\n".join(["img,kind", *rows]) + "\n")


def of_numbers(root: Path) -> None:
    pictures(root / "photos")
    rows = [f"{name}/{n}.png,{n / 4}" for n in range(COUNT) for name in ("cat", "dog")]
    (root / "list.csv").write_text("\n".join(["path,age", *rows]) + "\n")


def lines(path: Path, header: str, row: Callable[[int], str], count: int = 2 * COUNT) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*([header] if header else []), *map(row, range(count))]) + "\n")


def credit(path: Path) -> None:
    """Numbers, one column of which names the rows, another has gaps and a third is of words."""
    header = "ID,LIMIT_BAL,SEX,AGE,town,default payment next month"
    lines(path, header, lambda n: (
        f"{n + 1},{1000 * n + 50},{n % 2 + 1},{'' if n == 9 else 20 + n % 7},t{n % 3},{n % 2}"
    ))  # fmt: skip


def tables(root: Path) -> None:
    for split in ("train", "test"):
        lines(root / f"{split}.csv", "a,b,label", lambda n: f"{n},{n * n % 17},{'xy'[n % 2]}")


def medmnist(path: Path, shape: tuple[int, ...] = (28, 28)) -> None:
    np.savez(path, **{
        f"{split}_{what}": RANDOM.integers(0, 256, (COUNT, *shape), dtype=np.uint8)
        if what == "images" else np.arange(COUNT, dtype=np.uint8)[:, np.newaxis] % 3
        for split in ("train", "val", "test") for what in ("images", "labels")
    })  # fmt: skip


def arrays(path: Path, x: Any, y: Any) -> None:
    np.savez(path, x=x, y=y)


def folders_of_texts(root: Path, ending: str) -> None:
    for name in ("neg", "pos"):
        for number in range(COUNT):
            lines(root / name / f"{number}{ending}", "", lambda n: f"{name} {n} text", 2)  # noqa: B023 - called at once


def files_of_texts(root: Path, *names: str) -> None:
    for name in names:
        lines(root / name, "", lambda n: f"{name} text number {n}", COUNT)  # noqa: B023 - called at once


def objects(path: Path, label: Callable[[int], Any]) -> None:
    lines(path, "", lambda n: json.dumps({"text": f"text {n} of ours", "label": label(n)}))


LABELS, FLOATS = np.arange(2 * COUNT) % 3, RANDOM.normal(size=2 * COUNT)
TEXTS = "a {} film, number {}"
CASES: dict[str, tuple[str, str, Callable[[Path], None]]] = {
    # case: kind, path and words beside it, what makes it
    "pictures in folders": ("picture_folders", "pets", pictures),
    "pictures of several sizes": ("picture_folders", "pets", lambda p: pictures(p, sides=(30, 50))),
    "small pictures": ("picture_folders", "tiny", lambda p: pictures(p, sides=(2,), mode="L")),
    "odd pictures": ("picture_folders", "odd", odd_pictures),
    "a key for pictures": ("picture_folders", "pets data.resize=[8,8]", pictures),
    "pictures in a table": ("picture_table", "pets", picture_table),
    "pictures with numbers": ("picture_table", "pets", of_numbers),
    "numbers in a table": ("number_table", "credit.csv", credit),
    "the column that is said": ("number_table", "c.csv label_column=SEX", credit),
    "a number is learnt": (
        "number_table", "h.tsv",
        lambda p: lines(p, "rooms\tage\tprice", lambda n: f"{n % 5}\t{n}\t{n * 1.5 + 0.25}"),
    ),
    "no names of columns": (
        "number_table", "iris.csv",
        lambda p: lines(p, "", lambda n: f"5.{n},5.{n},{n % 4}.5,{'ab'[n % 2]}"),
    ),
    "semicolons": (
        "number_table", "wine.csv",
        lambda p: lines(p, '"acid";"sugar";"quality"', lambda n: f"{n % 9}.5;{n};{n % 3 + 5}"),
    ),
    "tables of splits": ("number_tables", "rows", tables),
    "images": ("arrays", "i.npz", lambda p: arrays(
        p, RANDOM.integers(0, 256, (2 * COUNT, 9, 9), dtype=np.uint8), LABELS)),
    "small images": ("arrays", "i.npz", lambda p: arrays(
        p, RANDOM.integers(0, 256, (2 * COUNT, 2, 3, 1), dtype=np.uint8), LABELS)),
    "rows": ("arrays", "r.npz", lambda p: arrays(p, RANDOM.normal(size=(2 * COUNT, 3)), LABELS)),
    "series": ("arrays", "s.npz", lambda p: arrays(
        p, RANDOM.normal(size=(2 * COUNT, 5, 2)), LABELS)),
    "rows with numbers": ("arrays", "n.npz", lambda p: arrays(
        p, RANDOM.normal(size=(2 * COUNT, 3)), FLOATS)),
    "rows with several labels": ("arrays", "l.npz", lambda p: arrays(
        p, RANDOM.normal(size=(2 * COUNT, 3)), RANDOM.integers(0, 2, (2 * COUNT, 3)))),
    "keys of MedMNIST": ("arrays", "path.npz", lambda p: medmnist(p, (28, 28, 3))),
    "texts in a table": ("text_table", "t.csv", lambda p: lines(
        p, "id,review,mood", lambda n: f'{n},"{TEXTS.format("ab"[n % 2], n)}",{"np"[n % 2]}')),
    "no header, quotes": ("text_table", "t.csv", lambda p: lines(
        p, "", lambda n: f'"{TEXTS.format("ab"[n % 2], n)}",{"np"[n % 2]}')),
    "loose quotes": ("text_table", "t.tsv", lambda p: lines(
        p, "text\tlabel", lambda n: f'"{TEXTS.format("ab"[n % 2], n)}" he said\t{"np"[n % 2]}')),
    "texts with a number": ("text_table", "t.csv", lambda p: lines(
        p, "text,price", lambda n: f"text number {n},{n / 4}")),
    "several classes in a cell": ("text_table", "t.csv", lambda p: lines(
        p, "text,tags", lambda n: f'text number {n},"{["a,b", "b", "a", "c,a"][n % 4]}"')),
    "columns of classes": ("text_table", "t.csv", lambda p: lines(
        p, "text,sad,fun", lambda n: f"text number {n},{n % 2},{int(n % 3 == 0)}")),
    "objects": ("text_table", "t.jsonl", lambda p: objects(p, lambda n: n % 2)),
    "lists in objects": ("text_table", "t.jsonl", lambda p: objects(p, lambda n: ["ab"[n % 2]])),
    "texts of splits": ("text_tables", "texts", lambda p: [
        lines(p / f"{split}.csv", "text,label", lambda n: f"{split} text {n},{'ab'[n % 2]}")  # noqa: B023 - called at once
        for split in ("train", "valid")]),
    "texts in folders": ("text_folders", "mail", lambda p: folders_of_texts(p, ".txt")),
    "texts without endings": (
        "text_folders", "mail data=text", lambda p: folders_of_texts(p, "")),
    "files of classes": ("text_files", "mail", lambda p: files_of_texts(p, "neg.txt", "pos.txt")),
    "files by endings": ("text_files", "mail", lambda p: files_of_texts(p, "rt.neg", "rt.pos")),
    "files without endings": (
        "text_files", "mail data=text", lambda p: files_of_texts(p, "neg", "pos")),
    "a plugin": ("option", "data=coins", lambda p: None),
}  # fmt: skip

PLUGIN = """
import numpy as np
from typing import Literal

from fmtool.data.base import DataConfig
from fmtool.data.splitting.splits import Split, Splits
from fmtool.elements import Features
from fmtool.targets import Label

KIND = "features"


class Config(DataConfig):
    name: Literal["coins"]
    sides: int


def load(cfg):
    x, y = np.arange(96, dtype=np.float32).reshape(48, 2), (np.arange(48) % cfg.sides).astype("i4")
    split = Split(x, y)
    return Splits("coins", split, split, Label(("head", "tail")), "0" * 64, Features((2,)))
"""
YAML = "defaults: [/base/data@_here_, _self_]\nname: coins\nsides: 2\n"

SCRIPT = """
import contextlib, io, json, os, sys
from fmtool.cli.main import main

def answer(words):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = int(main(words))
    return [code, out.getvalue(), err.getvalue()]

for line in open(sys.argv[1]):
    folder, words = json.loads(line)
    os.chdir(folder)
    print(json.dumps(answer(words)), flush=True)
"""


def answers(command, asked):
    """What fmtool answers to command lines in folders, one after the other in one process."""
    file = command.write("asked.jsonl", "".join(json.dumps(each) + "\n" for each in asked))
    outcome = command.forked_python("torch", SCRIPT, str(file))
    assert outcome.code == 0, outcome.err
    return [json.loads(line) for line in outcome.out.splitlines()]


def words_of(case):
    words = CASES[case][1].split()
    plugin = ["--plugin", "coins.py"] if "data=coins" in words else []
    return plugin, [words[0] if "=" in words[0] else f"path={words[0]}", *words[1:]]


@pytest.fixture(scope="module")
def outcomes(session_command, tmp_path_factory, request):
    """By case: what inspect said, and how the training ended whose command it printed."""
    command = session_command(tmp_path_factory.mktemp("proposed"))
    here = (item for item in request.session.items if item.path == request.path)
    asked = {item.callspec.params["case"] for item in here if hasattr(item, "callspec")}
    cases = [case for case in CASES if case in asked]
    folders = {case: command.folder / str(number) for number, case in enumerate(cases)}
    looks = []
    for case, folder in folders.items():
        folder.mkdir()
        CASES[case][2](folder / CASES[case][1].split()[0])
        if case == "a plugin":
            (folder / "coins.py").write_text(PLUGIN)
            (folder / "fmtool_conf" / "data").mkdir(parents=True)
            (folder / "fmtool_conf" / "data" / "coins.yaml").write_text(YAML)
        plugin, words = words_of(case)
        looks.append([str(folder), ["data", *plugin, "inspect", *words, "--json"]])
    reports = {}
    for case, (code, out, err) in zip(cases, answers(command, looks), strict=True):
        assert code == 0, (case, err)
        reports[case] = json.loads(out)
    trainings = []
    for case, report in reports.items():
        fmtool, *line = shlex.split(report["next"][0])
        assert fmtool == "fmtool"
        model = next(word for word in line if word.startswith("model=")).partition("=")[2]
        how = ["dry_run=true"] if case in DRY else ["report.test=false"]
        words = [*line, *SMALL[model], *BESIDE, *how, "--json"]
        trainings.append([str(folders[case]), words])
    ended = answers(command, trainings)
    return dict(zip(cases, zip(reports.values(), ended, strict=True), strict=True))


SLOW = {case: [pytest.mark.slow] for case in DRY if case not in QUICK}


@pytest.mark.parametrize("case", [pytest.param(case, marks=SLOW.get(case, [])) for case in CASES])
def test_the_printed_command_trains(outcomes, case):
    report, (code, out, err) = outcomes[case]
    assert report["kind"] == CASES[case][0]
    assert [each for each in report["problems"] if each["stops_training"]] == []
    assert code == 0, f"{report['next'][0]}\n{err}"
    done = json.loads(out)
    if case in DRY:
        assert math.isfinite(done["first_batch_loss"])
    else:
        assert (done["status"], done["best"]["epoch"]) == ("completed", 1)


def test_every_kind_that_inspect_knows_is_run():
    assert {kind for kind, *_ in CASES.values()} == set(DESCRIPTIONS)


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("numbers in a table", [
            "model=mlp", "data=table", "data.path=credit.csv",
            "data.label_column=default payment next month",
            'data.ignore_columns=["ID","town","AGE"]']),
        ("the column that is said", [
            "model=mlp", "data=table", "data.path=c.csv", "data.label_column=SEX",
            'data.ignore_columns=["ID","town","AGE"]']),
        ("keys of MedMNIST", [
            "model=cnn", "data=arrays", "data.path=path.npz", "data.x=images", "data.y=labels"]),
        ("small pictures", ["model=mlp", "data=image_folder", "data.path=tiny"]),
        ("a key for pictures", [
            "model=cnn", "data=image_folder", "data.path=pets", "data.resize=[8,8]"]),
        ("texts without endings", [
            "model=text_cnn", "data=text", "data.path=mail", "data.files=all"]),
        ("loose quotes", [
            "model=text_cnn", "data=text", "data.path=t.tsv", "data.quotes=false"]),
        ("no names of columns", [
            "model=mlp", "data=table", "data.path=iris.csv", "data.header=false",
            "data.label_column=3"]),
        ("a plugin", ["--plugin", "coins.py", "model=mlp", "data=coins"]),
    ],
)  # fmt: skip
def test_the_keys_that_are_typed_and_found_are_in_the_command(outcomes, case, words):
    assert shlex.split(outcomes[case][0]["next"][0])[2:] == words
