"""Moving statistics of batch normalization, freed of the values that they began with.

After t updates with momentum m a moving mean is the average of the batches' means, by weights that
sum up to 1 - m^t, and m^t times the value it began with. With the usual momentum of 0.99 that is
more than a third after 100 batches. What is left is divided by 1 - m^t, as Adam does with its
moments (Kingma & Ba 2015, arXiv:1412.6980).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from fmtool.compat import private_keras
from fmtool.training.lookahead import Lookahead
from fmtool.training.step import generators

_GONE = 1e-38
"""A share that float32 does not tell from 0."""


@dataclass(frozen=True)
class _Normalization:
    """A layer that began at mean 0 and variance 1.

    Args:
        updates: of its statistics in a training step.
    """

    layer: Any
    updates: int

    @property
    def kept(self) -> float:
        """The share of the old statistics that a training step leaves, as float32 has it."""
        return float(np.float32(self.layer.momentum)) ** self.updates


class BatchStatistics:
    """The batch normalizations of a network that has not been trained yet, nested ones too.

    Layers are left out whose statistics a training step does not touch, or that begin with
    others than 0 and 1, such as those of a pretrained network.

    Args:
        network: built; one step of it is traced, nothing changes.
        lookahead: pulls the statistics back as it does the weights, or None.
    """

    def __init__(self, network: Any, lookahead: Lookahead | None = None) -> None:
        self._lookahead = lookahead
        layers = [each for each in _normalizations(network) if _is_at_start(each)]
        updates = _updates(network, layers) if layers else []
        pairs = zip(layers, updates, strict=True)
        self._layers = [_Normalization(layer, count) for layer, count in pairs if count]

    def variables(self) -> list[Any]:
        """The variables that `free` assigns to."""
        pairs = ((each.layer.moving_mean, each.layer.moving_variance) for each in self._layers)
        return [variable for pair in pairs for variable in pair]

    def share_of_start(self, steps: int) -> float:
        """The largest share that the values at the start have after so many training steps."""
        return max((self._share(each, steps) for each in self._layers), default=0.0)

    @property
    def momentum(self) -> float:
        """The largest of the layers'; there must be one."""
        return max(float(each.layer.momentum) for each in self._layers)

    def free(self, steps: int) -> None:
        """Computes in float64; to be called on the statistics of after so many training steps."""
        for each in self._layers:
            share = self._share(each, steps)
            if _GONE < share < 1:
                mean, variance = each.layer.moving_mean, each.layer.moving_variance
                mean.assign(_values(mean) / (1 - share))
                # Rounding may have left a bit less than the share itself.
                variance.assign(np.maximum(_values(variance) - share, 0) / (1 - share))

    def _share(self, normalization: _Normalization, steps: int) -> float:
        if self._lookahead is None:
            return normalization.kept**steps
        return self._lookahead.share_of_start(normalization.kept, steps)


def _values(variable: Any) -> NDArray[np.float64]:
    return np.asarray(keras.ops.convert_to_numpy(variable.value), np.float64)


def _normalizations(network: Any) -> Iterator[Any]:
    for layer in private_keras.layers_of(network):
        # Renormalization has statistics of another kind besides.
        if isinstance(layer, keras.layers.BatchNormalization) and not layer.renorm:
            yield layer


def _is_at_start(layer: Any) -> bool:
    if layer.moving_mean is None:
        return False
    mean, variance = _values(layer.moving_mean), _values(layer.moving_variance)
    return not mean.any() and bool((variance == 1).all())


def _updates(network: Any, layers: Sequence[Any]) -> list[int]:
    """The number of times a training step updates the statistics of each layer.

    Not at all where the layer is frozen or is called as in inference; several times where it is
    shared.
    """
    with _counting(layers) as counts:

        def step(samples: Any) -> Any:
            counts.update(dict.fromkeys(counts, 0))  # on torch it is traced more than once
            return network(samples, training=True)

        before = generators.state()
        private_keras.call_symbolically(step, network.input)
        generators.restore(before)
    return [counts[id(layer)] for layer in layers]


@contextmanager
def _counting(layers: Sequence[Any]) -> Iterator[dict[int, int]]:
    counts = {id(layer): 0 for layer in layers}

    def counted(layer: Any) -> Any:
        plain = layer.call

        def call(inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
            counts[id(layer)] += bool(training and layer.trainable)
            return plain(inputs, training=training, mask=mask)

        return call

    for layer in layers:
        object.__setattr__(layer, "call", counted(layer))
    try:
        yield counts
    finally:
        for layer in layers:
            object.__delattr__(layer, "call")
