"""Studies in a folder of the test."""

import kept_revision
import pytest
from studies import Study

kept_revision.keep()


@pytest.fixture
def study(tmp_path):
    """A function from the words behind `fmtool tune` to a `Study`."""
    return lambda *words: Study(tmp_path / "runs", words)
