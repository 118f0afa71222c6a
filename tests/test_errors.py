"""Errors on their way from a process to another."""

import json

import pytest

from fmtool import errors
from fmtool.errors import DataError, ExportFailed, FmtoolError, OutOfDescriptors, UsageError


class _OfAPlugin(DataError):
    """A class that the other process does not have."""


@pytest.mark.parametrize(
    ("error", "arrives_as"),
    [
        (UsageError("no such key", fix="write epochs=3"), UsageError),
        (OutOfDescriptors("too many open files", fix="raise the limit"), OutOfDescriptors),
        (ExportFailed("it differs", details={"rows": [3]}), ExportFailed),
        (_OfAPlugin("a hole in row 3", fix="fill it"), DataError),
    ],
)
def test_an_error_arrives_as_it_was_raised(error, arrives_as):
    entry = json.loads(json.dumps(errors.to_json(error)))
    again = errors.from_json(entry, error.exit_code)
    assert type(again) is arrives_as
    assert (again.message, again.fix, again.details) == (error.message, error.fix, error.details)


def test_the_entry_has_details_only_where_there_are_some():
    assert errors.to_json(UsageError("no such key", fix="write epochs=3")) == {
        "type": "UsageError", "message": "no such key", "hint": "write epochs=3"
    }  # fmt: skip
    told = errors.to_json(DataError("a hole", details={"row": 3}))
    assert told == {"type": "DataError", "message": "a hole", "hint": "", "details": {"row": 3}}
    assert errors.to_json(ValueError("odd")) == {
        "type": "ValueError", "message": "odd", "hint": ""
    }  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "exit_code", "arrives_as"),
    [
        ({"message": "gone; fix: train again", "hint": "train again"}, 65, DataError),
        ({"message": "gone", "hint": "train again"}, 137, FmtoolError),
        ({"type": "Interrupted", "message": "gone", "hint": "train again"}, 143, FmtoolError),
    ],
)
def test_without_a_class_of_ours_the_exit_code_says_which(entry, exit_code, arrives_as):
    error = errors.from_json(entry, exit_code)
    assert type(error) is arrives_as
    assert str(error) == "gone; fix: train again"
