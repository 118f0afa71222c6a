"""A table of paths and classes is the set that folders would be; a bad row is named by its line."""

import os
import unicodedata

import numpy as np
import pytest
from PIL import Image

from fmtool import registry, validate
from fmtool.config.compose import compose
from fmtool.data.reading.label_table import read_label_table
from fmtool.data.reading.picture_columns import Columns
from fmtool.data.reading.table_style import Style
from fmtool.errors import DataError, UsageError

ROWS = [f"{name}/{number}.png,{name}" for name in "ab" for number in range(5)]


def load(root, **changes):
    raw = compose("train", ["data=image_folder"])["data"] | {"path": str(root)} | changes
    return registry.module("data", "image_folder").load(validate.option("data", raw))


def read(path, *, pictures_dir=None, **columns):
    return read_label_table(
        path,
        columns=Columns(*(columns.get(key) for key in ("path", "label", "split"))),
        pictures_dir=pictures_dir,
        style=Style(),
    )


def listed(found):
    """Split, path from the table's folder, and class of each file."""
    return {
        (split, "/".join(file.path.parts[-2:]), found.target.names[file.label])
        for split, files in found.splits.items()
        for file in files
    }


@pytest.fixture
def table(pictures):
    """Writes a table beside the class folders `a` and `b`."""

    def write(*rows, header="path,label", name="labels.csv", encoding="utf-8"):
        path = pictures / name
        path.write_text("\n".join([header, *rows]) + "\n", encoding=encoding)
        return path

    return write


def test_the_same_files_are_the_same_set_in_a_table_or_in_folders(pictures, table):
    folders = load(pictures)
    path = table(*reversed(ROWS))
    assert load(path).digest == folders.digest
    np.testing.assert_array_equal(load(path, storage="stream").test.x[:], folders.test.x)


def test_the_split_column_divides_the_rows_also_by_short_names(table):
    splits = ["train", "val", "Valid", "test", "TRAIN"] * 2
    rows = [f"{row},{split}" for row, split in zip(ROWS, splits, strict=True)]
    found = load(table(*rows, header="filename,class,split"))
    assert {part: len(getattr(found, part)) for part in ("train", "validation", "test")} == {
        "train": 4,
        "validation": 4,
        "test": 2,
    }


@pytest.mark.parametrize(
    ("header", "delimiter"),
    [("path,label", ","), ("File;Class", ";"), ("image\tcategory", "\t"), ("FILENAME|label", "|")],
)
def test_delimiter_and_usual_names_are_found_in_the_header(table, header, delimiter):
    rows = [row.replace(",", delimiter) for row in ROWS]
    assert len(read(table(*rows, header=header)).splits["train"]) == 10


def test_columns_are_named_by_keys_and_others_ignored(call, table):
    rows = [f"x,{row.replace(',', ',y,')}" for row in ROWS]
    table(*rows, header="path,my file,label,Das Tier")
    keys = ("path_column=my file", "label_column=Das Tier")
    outcome = call("data", "check", "image_folder", "path=pictures/labels.csv", *keys)
    assert outcome.code == 0, outcome.err
    assert outcome.error == "image_folder: 10 pictures of 2 classes in pictures/labels.csv"


def test_the_paths_may_begin_in_a_folder_below(table, pictures):
    (pictures / "photos").mkdir()
    for name in "ab":
        (pictures / name).rename(pictures / "photos" / name)
    assert len(read(table(*ROWS), pictures_dir="photos").splits["train"]) == 10


@pytest.mark.parametrize("folder", ["..", "/etc", "photos/../.."])
def test_that_folder_cannot_be_elsewhere(table, folder):
    with pytest.raises(UsageError, match=r"^data\.pictures_dir: '.*' leaves the folder of the tab"):
        read(table(*ROWS), pictures_dir=folder)


def test_quotes_spaces_and_a_byte_order_mark_are_no_part_of_a_cell(table):
    rows = [f'"{row.split(",")[0]}" , {row[-1]} ' for row in ROWS[1:]]
    rows = [row.replace('" ,', '",') for row in rows]
    found = read(table(*rows, "", '"a/0.png",a', encoding="utf-8-sig"))
    assert found.target.names == ("a", "b")
    assert len(found.splits["train"]) == 10


BAD = {
    "parent": ("../secret.png,a", "'../secret.png' leaves the folder of the table"),
    "parent within": ("a/../../secret.png,a", "leaves the folder of the table"),
    "absolute": ("/etc/passwd,a", "'/etc/passwd' leaves the folder of the table"),
    "link": ("a/out.png,a", "a/out.png: link leaves dataset; fix: "),
    "folder link": ("out/secret.png,a", "out/secret.png: link leaves dataset; fix: "),
    "loop": ("a/loop.png,a", "a/loop.png: symlink loop; fix: "),
    "missing": ("a/9.png,a", "a/9.png: no such file; fix: "),
    "folder": ("a,a", "a: not a regular file; fix: "),
    "fifo": ("a/fifo.png,a", "a/fifo.png: not a regular file; fix: "),
    "backslash": ("a\\0.png,a", "'a\\0.png' has backslashes; fix: write / between folders"),
    "empty path": (",a", "the path is empty; fix: "),
    "empty label": ("a/0.png, ", "the label is empty; fix: "),
    "unprintable label": ("a/0.png,a\x1b[2J", "the label is not printable text; fix: "),
    "NUL": ("a/\x00.png,a", "a NUL character; fix: remove it"),
    "unprintable path": ("a/\x1b.png,a", "the path is not printable text; fix: "),
    "two labels": ("b/4.png,a", "'b/4.png' is 'a', but 'b' in pictures/labels.csv:11; fix: "),
    "twice": ("./b//4.png,b", "'b/4.png' is in pictures/labels.csv:11 too; fix: "),
    "case of a path": ("B/4.png,b", "names collide: 'B/4.png' is 'b/4.png' in pictures/label"),
    "a field too many": ("a/0.png,a,b", "3 fields, the header has 2; fix: put fields that hold th"),
    "a field too few": ("a/0.png", "1 fields, the header has 2; fix: "),
    "quotes": ('"a/0.png"x,a', "no row (',' expected after '\"'); fix: double a quote within"),
    "open quotes": ('"a/0.png,a', "no row (unexpected end of data); fix: double a quote within"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_row_ends_with_65_and_its_line(call, fmtool, pictures, table, case):
    row, message = BAD[case]
    (fmtool.folder / "secret.png").write_bytes((pictures / "a" / "0.png").read_bytes())
    (pictures / "a" / "out.png").symlink_to("../../secret.png")
    (pictures / "a" / "loop.png").symlink_to("loop.png")
    (pictures / "out").symlink_to("..")
    os.mkfifo(pictures / "a" / "fifo.png")
    table(*ROWS, row)
    before = fmtool.files()
    outcome = call("train", "data=image_folder", "data.path=pictures/labels.csv")
    assert (outcome.code, outcome.out, fmtool.files()) == (65, "", before)
    start, _, rest = outcome.error.partition("labels.csv:12: ")
    assert start == "error: pictures/"
    assert message in rest
    assert "; fix: " in rest


HEADERS = {
    "none": ("a/4.png,a", "no column path, file, filename, file_name, filepath, image, but a/4"),
    "no label": ("path,kind", "no column label, class, category, but path, kind; fix: name the"),
    "two paths": ("path,file", "the column of the path may be path or file; fix: set data.path_c"),
    "same name": ("path,path", "column 'path' is there twice; fix: rename one"),
    "two cases": ("path,Path", "the column of the path may be path or Path; fix: set data.path_c"),
    "two delimiters": ("path,label;x", "the delimiter may be comma or semicolon; fix: set data.d"),
}


@pytest.mark.parametrize("case", HEADERS)
def test_a_header_that_does_not_name_the_columns_is_bad_data(table, case):
    header, message = HEADERS[case]
    path = table(*ROWS, header=header)
    with pytest.raises(DataError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}:1: {message}")


def test_a_column_that_is_not_there_is_answered_with_the_closest(table):
    with pytest.raises(DataError, match=r":1: no column 'lable'; fix: did you mean 'label'\?$"):
        read(table(*ROWS), label="lable")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"path,label\na/0.png,caf\xe9\n", ":2: not utf-8 ('utf-8' codec can't decode byte 0xe9"),
        ("path,label\n".encode("utf-16"), ": UTF-16; fix: save it as UTF-8"),
        (b"path,label\ra/0.png,a\r", ": 1 class, 'a' in train; need 2 classes; fix: "),
        (b"", ": empty file; fix: "),
        (b"path,label\n", ": 0 classes in train; need 2 classes; fix: "),
        (b"path,label\na/0.png,a\n", ": 1 class, 'a' in train; need 2 classes; fix: "),
        (b"path" * (5 << 20), ":1: no header (field larger than field limit"),
    ],
    ids=["latin 1", "utf 16", "old Mac", "empty", "no row", "one class", "no text"],
)
def test_a_file_that_is_no_such_table_is_bad_data(pictures, content, message):
    path = pictures / "labels.csv"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}{message}")


def test_encoding_and_quotes_are_those_of_the_keys(table):
    path = table(*ROWS, '"5\xb0,a', encoding="latin-1")
    (path.parent / '"5\xb0').write_bytes((path.parent / "a" / "0.png").read_bytes())
    assert len(load(path, encoding="latin-1", quotes=False).train) == 9


def test_an_unknown_split_is_answered_with_the_closest(table):
    rows = [f"{row},train" for row in ROWS[:-1]]
    path = table(*rows, f"{ROWS[-1]},tset", header="path,label,split")
    with pytest.raises(DataError, match=r":11: split 'tset' is not known; fix: .*'test'\?$"):
        read(path)


def test_a_class_that_is_absent_from_train_is_named_with_its_row(table):
    rows = [f"{row},train" for row in ROWS[:-1]]
    path = table(*rows, "b/4.png,c,val", header="path,label,split")
    with pytest.raises(DataError, match=r":11: class 'c' is absent from train; fix: "):
        read(path)


def test_a_picture_that_is_in_two_splits_is_refused(table):
    rows = [f"{row},train" for row in ROWS]
    path = table(*rows, f"{ROWS[0]},test", header="path,label,split")
    with pytest.raises(DataError, match=r":12: 'a/0\.png' is 'test', but 'train' in .*:2; fix: "):
        read(path)


def test_a_link_within_the_folder_of_the_table_is_followed(table, pictures):
    (pictures / "a" / "again.png").symlink_to("../b/0.png")
    assert ("train", "a/again.png", "a") in listed(read(table(*ROWS, "a/again.png,a")))


def test_classes_are_compared_in_one_form_of_unicode(table):
    forms = [unicodedata.normalize(form, "é") for form in ("NFC", "NFD")]
    found = read(table("a/0.png,x", f"a/1.png,{forms[0]}", f"a/2.png,{forms[1]}"))
    assert found.target.names == ("x", forms[0])


def test_a_picture_of_a_table_that_cannot_be_decoded_is_named(table, pictures):
    (pictures / "b" / "3.png").write_text("<html>")
    with pytest.raises(DataError, match=r"/b/3\.png: not an image"):
        load(table(*ROWS))


@pytest.mark.parametrize("key", ["path_column", "label_column", "split_column", "pictures_dir"])
def test_a_key_of_a_table_does_not_go_with_a_folder(pictures, key):
    with pytest.raises(UsageError, match=rf"^data\.{key} is of a table, but .* is a folder; fix: "):
        load(pictures, **{key: "x"})


@pytest.mark.parametrize("name", ["val", "valid", "validation"])
def test_the_folder_of_the_validation_split_has_three_names(tmp_path, save_picture, name):
    for split in ("train", name):
        for label in "ab":
            for number in range(4):
                save_picture(tmp_path / split / label / f"{number}.png")
    assert len(load(tmp_path).validation) == 8


def test_two_folders_for_one_split_are_refused(tmp_path, save_picture):
    for split in ("train", "val", "valid"):
        for label in "ab":
            save_picture(tmp_path / split / label / "0.png")
    with pytest.raises(DataError, match=r"/valid: split validation is in .*/val too; fix: "):
        load(tmp_path)


def wide(path):
    """Green in the middle third, red to the left, blue to the right, 8x24 pixels."""
    pixels = np.zeros((8, 24, 3), np.uint8)
    for place, channel in enumerate((0, 1, 2)):
        pixels[:, 8 * place : 8 * place + 8, channel] = 255
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.mark.parametrize(
    ("mode", "left", "top"),
    [
        ("stretch", [1, 0, 0], [0, 1, 0]),
        ("crop", [0, 1, 0], [0, 1, 0]),
        ("pad", [1, 0, 0], [0] * 3),
    ],
)
def test_the_mode_says_what_becomes_of_a_wide_picture(tmp_path, mode, left, top):
    for name in ("a/0", "a/1", "b/0", "b/1"):
        wide(tmp_path / f"{name}.png")
    image = load(tmp_path, resize=[6, 6], resize_mode=mode, test_fraction=0.5).train.x[0]
    assert image.shape == (6, 6, 3)
    bright = image > 127
    assert bright[3, 0].tolist() == left
    assert bright[0, 3].tolist() == top


@pytest.mark.parametrize("mode", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("size", [(1, 3000), (3000, 1), (7, 7)])
def test_every_mode_gives_the_size_to_every_picture(tmp_path, save_picture, mode, size):
    for name in ("a/0", "a/1", "b/0", "b/1"):
        save_picture(tmp_path / f"{name}.png", size=size)
    splits = load(tmp_path, resize=[5, 9], resize_mode=mode, test_fraction=0.5)
    assert splits.train.x.shape[1:] == (5, 9, 3)
    assert splits.train.x[0].any()


def test_a_mode_without_a_size_is_refused(pictures):
    with pytest.raises(
        UsageError, match=r"^data: resize_mode=crop without a size; fix: set data\."
    ):
        load(pictures, resize_mode="crop")
