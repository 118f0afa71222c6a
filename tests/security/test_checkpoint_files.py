"""A21: the arrays of a checkpoint from elsewhere are numbers, or they are not loaded."""

import os
from types import SimpleNamespace

import numpy as np
import pytest

from fmtool.errors import DataError


class Payload:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


def test_an_array_of_objects_runs_nothing(trap, tmp_path):
    from fmtool.training import state

    model = SimpleNamespace(
        trainable_variables=[],
        non_trainable_variables=[],
        metrics_variables=[],
        optimizer=SimpleNamespace(variables=[]),
    )
    with (tmp_path / state.ARRAYS).open("wb") as file:
        np.savez(file, **{"trainable/00000": np.array([Payload(trap.marker)], object)})
    with pytest.raises((DataError, ValueError)):
        state.load(model, tmp_path)
    assert trap.is_untouched


def test_the_array_of_the_corpus_is_a_real_attack(trap, tmp_path):
    np.save(tmp_path / "evil.npy", np.array([Payload(trap.marker)], object), allow_pickle=True)
    np.load(tmp_path / "evil.npy", allow_pickle=True)
    assert not trap.is_untouched
