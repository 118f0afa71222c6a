"""A data set in a word: which of one's own it is."""

import pytest

from fmtool import validate
from fmtool.config.compose import compose, with_choices
from fmtool.data.splitting.set_label import data_label


@pytest.mark.parametrize(
    ("words", "label"),
    [
        (("data=digits",), "digits"),
        (("data=image_folder", "data.path=/a/b/pets/"), "pets"),
        (("data=image_folder", "data.path=../pets/train"), "train"),
        (("data=text", "data.path=reviews.csv"), "reviews.csv"),
        # A folder of a set that is known says no more than its name.
        (("data=mr", "data.path=/data/rt-polarity"), "mr"),
    ],
)
def test_a_set_is_called_by_its_folder_or_file_or_by_its_name(words, label):
    assert data_label(validate.option("data", compose("train", list(words))["data"])) == label


def test_the_folder_one_is_in_has_a_name_too(tmp_path, monkeypatch):
    (tmp_path / "flowers").mkdir()
    monkeypatch.chdir(tmp_path / "flowers")
    cfg = validate.option("data", compose("train", ["data=image_folder", "data.path=."])["data"])
    assert data_label(cfg) == "flowers"


def test_a_yaml_file_of_ones_own_gives_its_name(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "flowers.yaml").write_text(
        "defaults: [image_folder, _self_]\npath: pictures\n"
    )
    raw, choices = with_choices("train", ["data=flowers"], folders=(tmp_path,))
    cfg = validate.option("data", raw["data"])
    assert (cfg.name, choices["data"]) == ("image_folder", "flowers")
    assert data_label(cfg, choices["data"]) == "flowers"
    assert data_label(cfg, "image_folder") == "pictures"
