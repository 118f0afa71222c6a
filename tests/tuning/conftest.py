"""Studies in a folder of the test."""

import pytest
from studies import Study


@pytest.fixture
def study(tmp_path):
    """A function from the words behind `fmtool tune` to a `Study`."""
    return lambda *words: Study(tmp_path / "runs", words)
