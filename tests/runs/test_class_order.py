"""A model knows its classes by place: data whose classes are in another order are refused."""

import json

import pytest

from fmtool.errors import ConfigChanged
from fmtool.runs import rules
from fmtool.runs.layout import RunPaths
from fmtool.runs.sameness import DataRead, check_data
from fmtool.targets import Label

WAS, NOW = ["0", "1", "10", "2"], ["0", "1", "2", "10"]


def check(folder, *, was=WAS, now=NOW, typed=(), **entries):
    manifest = {"data_digest": "a", "data": {"class_names": was}, "fmtool": "0.1.0", **entries}
    (folder / "manifest.json").write_text(json.dumps({"started": "2026-10-01", **manifest}))
    read = DataRead(digest="b", selection=None, samples={}, target=Label(tuple(now)))
    return check_data(RunPaths(folder), read, typed=typed, fix="type it")


@pytest.mark.parametrize("typed", [(), ("data.path=elsewhere",)])
def test_a_run_whose_classes_were_sorted_as_strings_is_not_measured_by_place(tmp_path, typed):
    with pytest.raises(ConfigChanged) as error:
        check(tmp_path, typed=typed)
    assert "in the order '0', '1', '10' and 1 more, those of the data in the order" in str(
        error.value
    )
    assert error.value.fix == "use fmtool 0.1.0 of 2026-10-01 for this run, or train again"
    with pytest.raises(ConfigChanged, match="the order") as error:
        check(tmp_path, typed=typed, **{rules.KEY: rules.CURRENT})
    assert error.value.fix == "put them back into that order"


def test_the_same_order_and_other_classes_are_left_to_the_digests(tmp_path, capsys):
    assert check(tmp_path, was=NOW)
    assert "is not known" in capsys.readouterr().err
    assert check(tmp_path, now=["0", "1"], typed=("data.path=x",))
