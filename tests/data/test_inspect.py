"""`fmtool data inspect`: one look lists everything, and what it prints can be run as it is."""

import gzip
import json
import os
import shlex
import shutil

import numpy as np
import pytest
from PIL import Image

from fmtool import registry, validate
from fmtool.config.compose import compose
from fmtool.config.folders import user_folders


@pytest.fixture
def inspect(call):
    """The report of a set, which is to end with a given code."""

    def run(path, *argv, code=0):
        outcome = call("data", "inspect", f"path={path}", *argv, "--json")
        assert outcome.code == code, outcome.err
        return outcome.json

    return run


@pytest.fixture
def varied(fmtool, save_picture):
    """25 pictures of each of three classes; all differ, also in size."""
    root = fmtool.folder / "pets"
    for label, name in enumerate(("cat", "dog", "eel")):
        for number in range(25):
            size = (40 + number, 60 + label)
            save_picture(root / name / f"{name}{number}.jpg", size=size)
    return root


def messages(report, *, stops_training):
    found = [each for each in report["problems"] if each["stops_training"] is stops_training]
    return [each["message"] for each in found]


def settings_of(command):
    """`data.` keys of a printed command line."""
    words = shlex.split(command)
    assert words[:2] == ["fmtool", "train"]
    return words[2:]


def loaded(command):
    """How many samples the training of a printed command line reads."""
    raw = compose("train", settings_of(command), folders=user_folders([]))["data"]
    splits = registry.module("data", raw["name"]).load(validate.option("data", raw))
    parts = (splits.train, splits.validation, splits.test)
    return sum(len(part) for part in parts if part is not None)


def test_a_good_set_has_classes_and_sizes_and_nothing_stops_training(inspect, varied):
    report = inspect("pets")
    assert (report["kind"], report["usable"]) == ("picture_folders", True)
    assert messages(report, stops_training=True) == []
    assert messages(report, stops_training=False) == ["pictures of 75 different sizes"]
    assert report["classes"][1] == {"name": "dog", "samples": 25, "splits": {"train": 25}}
    assert (report["samples"], report["imbalance"]) == (75, 1.0)
    assert report["statistics"] == {
        "height": {"min": 40, "median": 52.0, "max": 64},
        "width": {"min": 60, "median": 61.0, "max": 62},
        "different_sizes": 75,
        "most_common_sizes": "40x60, 41x60, 50x60",
        "color_modes": {"RGB": 75},
        "formats": {"JPEG": 75},
        "other_files": 0,
    }


def test_every_problem_is_listed_and_the_good_pictures_counted(inspect, varied, fmtool):
    (varied / "cat" / "cat0.jpg").write_text("<html>")
    (varied / "cat" / "cat1.jpg").write_bytes((varied / "cat" / "cat1.jpg").read_bytes()[:-99])
    (varied / "dog" / "empty.png").touch()
    (varied / "dog" / "out.png").symlink_to("/etc/passwd")
    (varied / "eel" / "more").mkdir()
    os.mkfifo(varied / "eel" / "fifo.png")
    (varied / "fox").mkdir()
    report = inspect("pets")
    found = " ".join(messages(report, stops_training=True))
    for part in (
        "pets/cat/cat0.jpg: not an image",
        "pets/cat/cat1.jpg: truncated image",
        "pets/dog/empty.png: empty file",
        "pets/dog/out.png: link leaves dataset",
        "pets/eel/more: a folder within class 'eel'",
        "pets/eel/fifo.png: not a regular file",
        "pets/fox: class 'fox': 0 pictures",
    ):
        assert part in found
    assert [each["samples"] for each in report["classes"]] == [23, 25, 25, 0]
    assert report["samples"] == 73


def test_equal_pictures_are_found_across_splits_classes_and_formats(inspect, save_picture, fmtool):
    root = fmtool.folder / "set"
    for split in ("train", "test"):
        for name in "ab":
            save_picture(root / split / name / f"{split}{name}.png")
    shutil.copy(root / "train" / "a" / "traina.png", root / "test" / "a" / "copy.png")
    Image.open(root / "train" / "b" / "trainb.png").save(root / "train" / "a" / "copy.bmp")
    report = inspect("set")
    of_classes = ["set/train/a/copy.bmp", "set/train/b/trainb.png"]
    of_splits = ["set/train/a/traina.png", "set/test/a/copy.png"]
    assert report["duplicates"] == {
        "repeated": 2,
        "across_splits": [of_splits],
        "across_classes": [of_classes],
        "groups": [of_classes, of_splits],
    }
    assert (
        "duplicates in another split: 1, such as set/train/a/traina.png and set/test/a/copy.png"
    ) in messages(report, stops_training=False)


def test_small_and_unbalanced_classes_are_named(inspect, varied):
    for number in range(21):
        (varied / "cat" / f"cat{number}.jpg").unlink()
    report = inspect("pets")
    assert report["imbalance"] == 6.25
    assert messages(report, stops_training=False) == [
        "pictures of 54 different sizes",
        "class 'cat': 4 samples that can be used",
        "the largest class has 6.2 times as many samples as the smallest",
    ]


def test_a_class_that_the_test_split_would_take_whole_stops_training(inspect, varied, call):
    for number in range(1, 25):
        (varied / "cat" / f"cat{number}.jpg").unlink()
    for name in ("dog", "eel"):
        for number in range(23):
            (varied / name / f"{name}{number}.jpg").unlink()
    found = messages(inspect("pets"), stops_training=True)
    keys = ("path=pets", "resize=[8,8]")
    outcome = call("data", "check", "image_folder", *keys)
    assert (outcome.code == 65) == bool(found)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda root: shutil.rmtree(root / "cat"), "2 classes"),
        (lambda root: [file.write_text("x") for file in root.glob("[cd]*/*")], "not an image"),
    ],
    ids=["one class left", "one class readable"],
)
def test_what_cannot_be_used_at_all_ends_with_65_and_the_report(inspect, varied, spoil, message):
    shutil.rmtree(varied / "eel")
    spoil(varied)
    report = inspect("pets", code=65)
    assert (report["usable"], report["exit_code"]) == (False, 65)
    assert message in report["error"]["message"]
    assert "next" not in report


def test_nothing_of_a_known_kind_is_bad_data(call, fmtool):
    (fmtool.folder / "empty").mkdir()
    outcome = call("data", "inspect", "path=empty")
    assert (outcome.code, outcome.out) == (65, "")
    assert outcome.error.startswith(
        "error: empty: no data set of a known kind: there are no files; fix: give"
    )


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        ([], 2, "data inspect: no path; fix: write path=FOLDER"),
        (["pets"], 2, "data inspect: unexpected 'pets'; fix: write path=pets"),
        (["path="], 2, "data inspect: path is empty; fix: write path=PATH"),
        (["path=pets", "ouput=a.png"], 2, "data inspect: no key 'ouput'; fix: did you mean 'outp"),
        (["path=nowhere"], 2, "data.path=nowhere: no such file or directory"),
        (["path=pets", "output=here.png"], 73, "output=here.png: the file exists; fix: remove it"),
        (["path=pets", "output=no/a.png"], 73, "cannot create no/a.png: "),
    ],
)
def test_a_mistake_is_one_line(call, fmtool, varied, argv, code, message):
    fmtool.write("here.png", "mine")
    outcome = call("data", "inspect", *argv)
    assert outcome.code == code
    assert outcome.error.startswith(f"error: {message}")
    assert (fmtool.folder / "here.png").read_text() == "mine"


def test_the_sheet_has_a_row_of_each_class_and_replaces_no_file(inspect, varied, fmtool):
    assert [inspect("pets")["sheet"] for _ in range(2)] == [
        "pets_samples.png",
        "pets_samples_2.png",
    ]
    assert inspect("pets", "output=mine.png")["sheet"] == "mine.png"
    with Image.open(fmtool.folder / "mine.png") as sheet:
        pixels = np.asarray(sheet.convert("RGB"))
    dark_rows = (pixels != 255).any(axis=2).sum(axis=1) > pixels.shape[1] / 2
    assert np.flatnonzero(np.diff(dark_rows.astype(int)) == 1).size == 3


def test_the_printed_file_composes_and_means_the_printed_command(inspect, varied, fmtool):
    report = inspect("pets")
    assert report["config_file"] == "fmtool_conf/data/pets.yaml"
    fmtool.write(report["config_file"], report["config"])
    *_, chosen = settings_of(report["command_with_config_file"])
    by_file, by_command = (
        validate.option("data", compose("train", words, folders=user_folders([]))["data"])
        for words in ([chosen], settings_of(report["next"][0]))
    )
    assert by_file == by_command
    assert (by_file.resize, by_file.resize_mode, by_file.path) == ([48, 48], "crop", "pets")


@pytest.mark.parametrize("name", ["digits", "7 Großstädte & so", "image_folder"])
def test_the_name_of_the_printed_file_hides_no_other_and_works(inspect, varied, fmtool, name):
    varied.rename(varied.with_name(name))
    report = inspect(name)
    fmtool.write(report["config_file"], report["config"])
    assert report["config_file"].startswith("fmtool_conf/data/my_")
    *_, chosen = settings_of(report["command_with_config_file"])
    raw = compose("train", [chosen], folders=user_folders([]))["data"]
    assert validate.option("data", raw).path == name


@pytest.mark.parametrize(
    ("sizes", "keys"),
    [
        ([(32, 32)], {}),
        ([(600, 800)], {"resize": [96, 128], "resize_mode": "stretch"}),
        ([(40, 60), (60, 40)], {"resize": [32, 32], "resize_mode": "crop"}),
        ([(20, 90), (90, 20)], {"resize": [28, 28], "resize_mode": "pad"}),
    ],
)
def test_size_and_mode_follow_the_pictures(sizes, keys):
    from fmtool.data.inspection.sizes import size_keys

    assert {key: each.value for key, each in size_keys(sizes).items()} == keys


@pytest.mark.parametrize(
    ("modes", "color"),
    [(["RGB", "P"], None), (["L", "1"], None), (["L", "RGB"], "rgb"), (["LA", "1"], None),
     (["RGBA", "CMYK"], None), (["I;16"], None), (["L with transparency", "LA"], None),
     (["P with transparency", "LA"], "rgb")],
)  # fmt: skip
def test_the_color_follows_the_modes(modes, color):
    from fmtool.data.inspection.sizes import color_key

    assert [each.value for each in color_key(modes).values()] == ([color] if color else [])


def test_a_table_beside_pictures_is_found_with_its_columns_and_their_folder(
    inspect, varied, fmtool, call
):
    rows = [f"{file.name},x,{file.parent.name}" for file in sorted(varied.rglob("*.jpg"))]
    (varied / "photos").mkdir()
    for file in sorted(varied.rglob("*.jpg")):
        file.rename(varied / "photos" / file.name)
    for name in ("cat", "dog", "eel"):
        (varied / name).rmdir()
    table = "\n".join(["img id,note,Kind of pet", *rows, "gone.jpg,x,cat", "dog0.jpg,x,cat"])
    fmtool.write("pets/list.csv", f"{table}\n")
    report = inspect("pets")
    assert (report["kind"], report["path"]) == ("picture_table", "pets/list.csv")
    words = settings_of(report["next"][0])
    assert words[3:6] == [
        "data.path_column=img id",
        "data.label_column=Kind of pet",
        "data.pictures_dir=photos",
    ]
    assert messages(report, stops_training=True) == [
        "pets/list.csv:77: pets/photos/gone.jpg: no such file",
        "pets/list.csv:78: 'photos/dog0.jpg' is 'cat', but 'dog' in pets/list.csv:27",
    ]


def test_a_table_that_leads_to_no_pictures_hides_no_class_folders(inspect, varied, fmtool):
    fmtool.write("pets/license.csv", "file,class\nelsewhere/1.jpg,cat\nelsewhere/2.jpg,dog\n")
    assert inspect("pets")["kind"] == "picture_folders"


@pytest.mark.filterwarnings("error:Glyph")
def test_names_in_any_script_are_drawn_without_a_word(call, varied):
    (varied / "cat").rename(varied / "猫 $x$")
    outcome = call("data", "inspect", "path=pets")
    assert (outcome.code, outcome.err) == (0, "")


def test_a_folder_of_rows_of_numbers_is_described_without_a_sheet(inspect, fmtool):
    (fmtool.folder / "set").mkdir()
    np.save(fmtool.folder / "set" / "x.npy", np.arange(180.0).reshape(60, 3))
    np.save(fmtool.folder / "set" / "y.npy", np.arange(60) % 2)
    report = inspect("set")
    assert (report["kind"], report["usable"], report["samples"]) == ("arrays", True, 60)
    assert report["statistics"]["shape"] == [3]
    assert report["sheet"] is None
    assert report["next"][0] == "fmtool train model=mlp data=arrays data.path=set"


def test_arrays_are_described(inspect, fmtool):
    x = np.random.default_rng(0).integers(0, 256, (60, 9, 9), dtype=np.uint8)
    np.savez(fmtool.folder / "set.npz", x=x, y=np.arange(60) % 2)
    report = inspect("set.npz")
    assert (report["kind"], report["usable"], report["samples"]) == ("arrays", True, 60)
    assert report["statistics"]["shape"] == [9, 9, 1]
    assert (fmtool.folder / report["sheet"]).is_file()


def test_bad_arrays_end_with_65(inspect, fmtool):
    np.savez(fmtool.folder / "set.npz", x=np.zeros((4, 9, 9, 1)), y=np.arange(4) % 2)
    report = inspect("set.npz", code=65)
    assert "x of train is float64 (4, 9, 9, 1)" in report["error"]["message"]


TEXTS = {
    "text_table": {
        "set.csv": "id,Review,Sentiment\n" + "".join(
            f"{n},{'good' if n % 2 else 'bad'} film number {n},{n % 2}\n" for n in range(50)
        )
    },
    "text_lines": {
        "set.jsonl": "".join(
            json.dumps({"text": f"film number {n}", "label": "ab"[n % 2]}) + "\n" for n in range(50)
        )
    },
    "text_tables": {
        f"set/{split}.csv": "text,label\n" + "".join(
            f"{split} film number {n},{'ab'[n % 2]}\n" for n in range(25 + (split == "train"))
        )
        for split in ("train", "valid")
    },
    "text_folders": {
        f"set/{name}/{n}.txt": f"{name} film number {n}" for n in range(25) for name in "ab"
    },
    "text_files": {
        f"set/rt.{name}": "".join(f"{name} film number {n}\n" for n in range(25))
        for name in ("neg", "pos")
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", TEXTS)
def test_texts_of_each_kind_are_recognised_counted_and_measured(inspect, fmtool, kind):
    for path, content in TEXTS[kind].items():
        fmtool.write(path, content)
    report = inspect(next(iter(TEXTS[kind])).split("/")[0])
    assert report["kind"] == {"text_lines": "text_table"}.get(kind, kind)
    assert report["samples"] == loaded(report["next"][0])
    assert {each["samples"] for each in report["classes"]} <= {25, 26}
    assert report["problems"] == []
    assert report["statistics"]["words"]["max"] in (3, 4)
    assert all(len(texts) == 3 for texts in report["examples"].values())
    assert report["sheet"] is None
    assert f"data=text data.path={report['path']}" in report["next"][0]


def test_bad_texts_are_all_listed(inspect, fmtool):
    rows = [f"text {n},a" for n in range(25)] + [f"text {n + 5},b" for n in range(25)]
    bad = [",a", "x,", "x,a,b", '"x"y,a']
    fmtool.write("set.csv", "\n".join(["text,label", *rows, *bad, ""]))
    with (fmtool.folder / "set.csv").open("ab") as file:
        file.write(b"caf\xe9,a\n")
    report = inspect("set.csv")
    assert messages(report, stops_training=True) == [
        "set.csv:52: an empty text",
        "set.csv:53: no label",
        "set.csv:54: 3 fields, the header has 2",
        "set.csv:55: no row (',' expected after '\"')",
        "set.csv:56: not utf-8 ('utf-8' codec can't decode byte 0xe9 in position 3: invalid "
        "continuation byte)",
    ]
    assert messages(report, stops_training=False) == [
        "duplicates in another class: 20, such as set.csv:7 and set.csv:27",
        "duplicates: 20, such as set.csv:7 and set.csv:27",
    ]


def test_what_only_some_splits_of_texts_have_is_found(inspect, fmtool):
    rows = [f"film {n},{'ab'[n % 2]},train" for n in range(40)]
    fmtool.write("set.csv", "\n".join(["text,label,split", *rows, "x,c,test", "y,a,tset", ""]))
    report = inspect("set.csv")
    assert report["samples"] == 40
    assert messages(report, stops_training=True) == [
        "set.csv:43: no split is called 'tset'",
        "set.csv:42: class 'c' is absent from train",
    ]


def test_columns_are_guessed_of_gzipped_objects_and_written_into_the_command(inspect, fmtool):
    rows = [{"kind": "ab"[n % 2], "Split": "train", "message": f"number {n}"} for n in range(50)]
    content = "\n".join(json.dumps(row) for row in rows).encode()
    (fmtool.folder / "set.ndjson.gz").write_bytes(gzip.compress(content))
    command = inspect("set.ndjson.gz")["next"][0]
    assert settings_of(command)[3:] == [
        "data.text_column=message",
        "data.label_column=kind",
        "data.split_column=Split",
    ]
    assert loaded(command) == 50


def test_tables_beside_others_are_not_taken_for_those_of_splits(inspect, fmtool):
    for name in ("train", "test", "notes"):
        fmtool.write(f"set/{name}.csv", TEXTS["text_table"]["set.csv"])
    assert inspect("set")["path"] == "set/train.csv"
    (fmtool.folder / "set" / "notes.csv").unlink()
    assert inspect("set")["path"] == "set"
    (fmtool.folder / "set" / "more").mkdir()
    assert inspect("set")["path"] == "set/train.csv"


@pytest.mark.parametrize(
    ("files", "found", "fix"),
    [
        (["a.doc", "b.pdf"], "1 .doc file, 1 .pdf file in 1 folder", "data inspect path=set data"),
        (
            [f"{c}/{n}" for c in "abc" for n in range(40)],
            "120 files without an ending in 3 fol",
            "d",
        ),
        (
            [f"{n}.{n}" for n in "abcdefgh"],
            "1 .a file, 1 .b file, 1 .c file, 1 .d file, 1 .e",
            "if",
        ),
        (["one"], "1 file without an ending in 1 folder", "give a folder"),
        ([".hidden", "Thumbs.db"], "there are no files", "give a folder"),
    ],
)
def test_what_there_is_instead_is_named(inspect, fmtool, files, found, fix):
    for each in files:
        fmtool.write(f"set/{each}", "one\n")
    error = inspect("set", code=65)["error"]
    assert found in error["message"]
    assert fix in error["hint"]


def test_people_get_tables_and_the_lines_to_go_on_with(call, varied):
    (varied / "cat" / "bad.jpg").write_text("x")
    for number in range(25):
        shutil.copy(varied / "dog" / "dog0.jpg", varied / "eel" / f"{number}.gif")
    outcome = call("data", "inspect", "path=pets")
    assert (outcome.code, outcome.err) == (0, "")
    for part in (
        "pets: pictures, a folder for each class",
        "stops a training: 1",
        "pets/cat/bad.jpg: not an image",
        "worth a look: 4",
        "pictures with a wrong extension: 25, such as pets/eel/0.gif, which is JPEG",
        "samples of each class: pets_samples.png",
        "next, once the problem is mended:\n  fmtool train model=cnn data=image_folder",
        "\n  fmtool evaluate run=last\n",
        "or keep the settings in fmtool_conf/data/pets.yaml:",
    ):
        assert part in outcome.out


def test_a_name_cannot_forge_a_line(call, varied):
    (varied / "cat" / "a\nb\x1b[2J.jpg").write_text("x")
    outcome = call("data", "inspect", "path=pets")
    assert "\x1b" not in outcome.out
    assert "pets/cat/a\\nb\\x1b[2J.jpg: not an image" in outcome.out
