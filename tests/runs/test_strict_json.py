import json
import math

import numpy as np
import pytest

from fmtool.errors import DataError
from fmtool.runs.strict_json import encode, finite, read_object


def test_nan_and_infinities_become_null_and_are_listed_by_their_dotted_name():
    value = {"a": math.nan, "b": [1.5, -math.inf], "c": {"d": math.inf, "e": 0.0}}
    plain, lost = finite(value)
    assert plain == {"a": None, "b": [1.5, None], "c": {"d": None, "e": 0.0}}
    assert lost == ["a", "b.1", "c.d"]


def test_numpy_scalars_become_json_numbers():
    value = {"loss": np.float32(0.5), "count": np.int64(3), "bad": np.float32("nan")}
    assert json.loads(encode(value)) == {"loss": 0.5, "count": 3, "bad": None}


def test_booleans_stay_booleans():
    assert json.loads(encode([True, False, 1, 0])) == [True, False, 1, 0]
    assert "true" in encode([True])


def test_a_value_that_json_cannot_hold_is_named():
    with pytest.raises(TypeError, match=r"a\.b is a set"):
        finite({"a": {"b": {1}}})


def test_terminal_codes_are_escaped_in_the_output():
    assert "\x1b" not in encode({"name": "\x1b[31mred"})


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b'"text"', b"[" * 100_000])
def test_a_file_without_a_json_object_is_bad_data_that_names_the_file(tmp_path, content):
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"broken\.json"):
        read_object(path)
