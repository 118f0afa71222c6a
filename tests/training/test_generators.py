"""Python's, NumPy's and torch's generators go on where a checkpoint has them."""

import io
import random

import numpy as np
import pytest

from fmtool.training.step import generators


def through_a_file(state):
    file = io.BytesIO()
    np.savez(file, **state)
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        return dict(arrays)


def draw():
    # `gauss` and `standard_normal` each keep a second deviate for the next call.
    return [random.random(), random.gauss(), np.random.rand(), np.random.standard_normal()]


@pytest.mark.parametrize("drawn_before", [0, 1, 2])
def test_what_is_drawn_after_a_restore_is_what_was_drawn_after_the_save(drawn_before):
    random.seed(3)
    np.random.seed(3)
    for _ in range(drawn_before):
        draw()
    saved = through_a_file(generators.state())
    expected = [draw(), draw()]
    generators.restore(saved)
    assert [draw(), draw()] == expected


TORCH = """
import io, torch, keras, numpy as np
from fmtool.training.step import generators
torch.manual_seed(5)
torch.rand(7)
saved = generators.state()
expected = torch.rand(3).tolist()
generators.restore(saved)
print(torch.rand(3).tolist() == expected, expected != torch.rand(3).tolist())
"""


def test_the_generator_of_torch_is_among_them_on_torch(fmtool):
    outcome = fmtool.forked_python("torch", TORCH)
    assert outcome.out == "True True\n", outcome.err
