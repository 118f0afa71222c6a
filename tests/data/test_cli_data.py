"""`fmtool data`: one result on stdout, mistakes as errors."""

import json
import subprocess
import sys

import numpy as np
import pytest

from fmtool.cli.data import HELP, main
from fmtool.cli.flags import Flags
from fmtool.cli.main import main as fmtool
from fmtool.data.fetching import cache, catalog
from fmtool.errors import DataError, Unavailable, UsageError


@pytest.fixture
def output(capsys):
    def run(*argv: str):
        assert main(list(argv), Flags(as_json=True)) == 0
        return json.loads(capsys.readouterr().out)

    return run


def test_list_names_every_set_with_its_size_and_licence(output, data_root):
    sets = {entry["name"]: entry for entry in output("list")["sets"]}
    assert sets["cifar10"] == {
        "name": "cifar10",
        "title": "CIFAR-10 tiny images",
        "samples": 60_000,
        "classes": 10,
        "target": "label",
        "download_bytes": 170_498_071,
        "licence": "none stated by the authors",
        "cached": False,
    }
    assert sets["digits"]["cached"] is True
    assert not data_root.exists()


def test_info_tells_shapes_classes_and_digest_without_the_data(output):
    info = output("info", "cifar10")
    assert info["train"] == [50_000, 32, 32, 3]
    assert info["class_names"][3] == "cat"
    assert info["target"] == {"kind": "label", "names": info["class_names"]}
    assert len(info["digest"]) == 64


def test_sets_of_numbers_have_a_target_and_no_classes(output, capsys):
    sets = {entry["name"]: entry for entry in output("list")["sets"]}
    assert (sets["diabetes"]["target"], sets["diabetes"]["classes"]) == ("numbers", None)
    assert (sets["breast_cancer"]["target"], sets["breast_cancer"]["classes"]) == ("label", 2)
    info = output("info", "diabetes")
    assert (info["train"], len(info["columns"]), "class_names" in info) == ([442, 10], 10, False)
    assert info["target"] == {"kind": "numbers", "names": ["progression"], "shape": [1]}
    report = output("check", "diabetes")
    assert report["splits"]["train"]["labels"] == {"dtype": "float64", "min": 25.0, "max": 341.0}
    assert main(["check", "diabetes"], Flags(as_json=False)) == 0
    shown = capsys.readouterr().out
    assert "25.0 to 341.0" in shown
    assert "per class" not in shown


def test_the_digest_of_a_set_that_is_neither_pinned_nor_cached_is_unknown(output):
    assert output("info", "cifar100")["digest"] is None


def test_fetch_reports_the_digest_that_info_promised(output):
    fetched = output("fetch", "digits", "source=cache")
    assert fetched == {
        "name": "digits",
        "digest": output("info", "digits")["digest"],
        "path": None,
    }


def test_check_reports_counts_labels_and_duplicates(output):
    report = output("check", "digits")
    assert report["digest"] == catalog.load("digits", source="auto").digest
    assert sum(report["splits"]["test"]["class_counts"]) == 355
    assert report["splits"]["train"]["labels"] == {"dtype": "int32", "min": 0, "max": 9}
    assert report["splits"]["train"]["duplicates"] == report["test_images_in_train"] == 0


def test_list_names_the_kinds_of_sets_of_ones_own_apart(output, capsys):
    listed = output("list")
    assert listed["your_own"] == ["arrays", "image_folder", "table", "text"]
    assert not {entry["name"] for entry in listed["sets"]} & set(listed["your_own"])
    assert main(["list"], Flags(as_json=False)) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == (
        "your own: data=arrays data.path=PATH, data=image_folder data.path=PATH, "
        "data=table data.path=PATH, data=text data.path=PATH"
    )


def test_check_of_a_set_of_ones_own_takes_the_keys_of_training(output, tmp_path):
    path = tmp_path / "a set, of mine.npz"
    np.savez(path, x=np.zeros((10, 4, 4), np.uint8), y=np.arange(10) % 2)
    report = output("check", "arrays", f"path={path}", "data.test_fraction=0.4")
    assert report["splits"]["train"]["class_counts"] == [3, 3]
    assert report["splits"]["test"]["class_counts"] == [2, 2]
    assert report["test_images_in_train"] == 4


def test_check_calls_texts_and_numbers_what_they_are(tmp_path, capsys):
    texts, numbers = tmp_path / "texts.csv", tmp_path / "numbers.npz"
    texts.write_text("text,label\n" + "good,a\nbad,b\n" * 5)
    np.savez(numbers, x=np.ones((10, 3)), y=np.arange(10) % 2)
    for name, path, what in (("text", texts, "texts"), ("arrays", numbers, "rows of numbers")):
        assert main(["check", name, f"path={path}"], Flags(as_json=False)) == 0
        shown = [line.strip() for line in capsys.readouterr().out.splitlines()]
        assert any(line.startswith(f"{what} ") for line in shown)
        assert not any(line.startswith("images") for line in shown)


def test_check_of_a_set_of_ones_own_needs_a_path():
    with pytest.raises(UsageError, match=r"^data\.path: no folder or file is named"):
        main(["check", "image_folder"], Flags(as_json=True))


@pytest.mark.parametrize("action", ["info", "fetch"])
def test_nothing_is_known_beforehand_of_a_set_of_ones_own(action):
    with pytest.raises(UsageError, match="of which nothing is known beforehand; fix: fmtool data"):
        main([action, "image_folder"], Flags(as_json=True))


def test_check_of_a_set_that_is_not_cached_downloads_nothing():
    with pytest.raises(Unavailable, match="mnist is not cached"):
        main(["check", "mnist"], Flags(as_json=True))


def test_check_of_a_damaged_cache_is_bad_data(data_root):
    folder = data_root / "mnist" / "arrays"
    folder.mkdir(parents=True)
    for name in ("x_train", "y_train", "x_test", "y_test"):
        np.save(folder / f"{name}.npy", np.zeros(3, np.uint8))
    digests = dict.fromkeys(("x_train", "y_train", "x_test", "y_test"), "0")
    manifest = cache.Manifest(origin="a test", digests=digests)
    (folder / cache.MANIFEST).write_text(manifest.model_dump_json())
    with pytest.raises(DataError, match=r"x_train is uint8 \(3,\), expected uint8 \(60000, 28"):
        main(["check", "mnist"], Flags(as_json=True))


def test_a_table_into_a_pipe_is_not_cut(capsys):
    assert main(["info", "digits"], Flags(as_json=False)) == 0
    assert "doi:10.24432/C50P49" in capsys.readouterr().out


@pytest.mark.parametrize("argv", [["list"], ["check", "digits"], ["fetch", "digits"]])
def test_each_action_prints_a_table(argv, capsys):
    assert main(argv, Flags(as_json=False)) == 0
    assert "digits" in capsys.readouterr().out


@pytest.mark.parametrize("argv", [["--help"], ["-h"], ["fetch", "--help"]])
def test_help_is_printed_on_stdout(argv, capsys):
    assert fmtool(["data", *argv]) == 0
    assert capsys.readouterr().out == HELP


def test_help_imports_no_array_library():
    code = (
        "import sys; from fmtool.cli.main import main; main(['data', '--help']);"
        "print([m for m in ('numpy', 'pydantic', 'rich', 'keras') if m in sys.modules])"
    )
    printed = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert printed.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "data: an action is missing; fix: one of inspect, list, fetch, info, check"),
        (["fetsh"], "data: no action 'fetsh'; fix: did you mean 'fetch'?"),
        (["fetch"], "data fetch: the name of a data set is missing; fix: fmtool data list"),
        (["fetch", "cifar10", "mnist"], "data fetch: unexpected 'mnist'; fix: "),
        (["fetch", "cifr10"], "no data set is called 'cifr10'; fix: did you mean 'cifar10'?"),
        (["fetch", "digits", "sorce=cache"], "data fetch: no key 'sorce'; fix: did you mean 'sour"),
        (["fetch", "digits", "source=mirr"], "source=mirr is not a source; fix: did you mean 'mir"),
        (["info", "digits", "source=cache"], "data info: no key 'source'; fix: fmtool data info"),
        (["list", "digits"], "data list: unexpected 'digits'; fix: "),
    ],
)
def test_a_mistake_is_answered_with_one_line(argv, message):
    with pytest.raises(UsageError) as error:
        main(argv, Flags(as_json=False))
    assert str(error.value).startswith(message)
