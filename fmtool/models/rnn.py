"""Recurrent network of LSTM, GRU or simple cells, in one direction or both.

Hochreiter & Schmidhuber 1997 (doi:10.1162/neco.1997.9.8.1735), Cho et al. 2014 (arXiv:1406.1078),
Elman 1990; both directions Schuster & Paliwal 1997.
"""

from typing import Any, Literal

from fmtool.config.base import PositiveInt, Rate
from fmtool.elements import Element, SampleKind
from fmtool.models.layers.keys import Pooling, SequenceConfig, check
from fmtool.representations import Representation

__all__ = ["GIVES", "IS_CONVOLUTIONAL", "READS", "Config", "build", "check"]

IS_CONVOLUTIONAL = False
READS: tuple[SampleKind, ...] = ("text", "image", "features")
GIVES: tuple[Representation, ...] = ("sequence", "vector")


class Config(SequenceConfig):
    name: Literal["rnn"]
    cell: Literal["simple", "lstm", "gru"]
    units: PositiveInt
    """The units of each layer and direction."""
    layers: PositiveInt
    bidirectional: bool
    pooling: Pooling
    dropout: Rate


def build(cfg: Config, element: Element, wanted: Representation) -> Any:
    """Maps (batch, *element.shape) samples to what is `wanted` of `GIVES`."""
    check(cfg, element)

    import keras

    from fmtool.models.layers import blocks, pooling, timesteps

    sample = timesteps.of_sample(cfg, element)
    x, mask = sample.x, sample.mask
    for _ in range(cfg.layers):
        y = _read(cfg, x)
        if cfg.bidirectional:
            backward = timesteps.reverse(_read(cfg, timesteps.reverse(x, mask)), mask)
            y = keras.ops.concatenate([y, backward], axis=-1)
        x = blocks.dropout(y, cfg.dropout)
    if wanted == "sequence":
        return keras.Model(sample.inputs, x)
    y = pooling.pool(x, mask, cfg.pooling)
    if cfg.bidirectional and cfg.pooling == "last":
        # What reads from the end comes to the first step last.
        y = keras.ops.concatenate([y[:, : cfg.units], x[:, 0, cfg.units :]], axis=-1)
    return keras.Model(sample.inputs, y)


def _read(cfg: Config, x: Any) -> Any:
    """The outputs (batch, timesteps, units) of a layer of cells.

    Without a mask, as padding comes last: no step that counts sees it, and with a mask Keras has
    no fused layers on JAX and torch.
    """
    import keras

    layers = keras.layers
    if _is_unrolled(cfg):
        cells = {"simple": layers.SimpleRNNCell, "lstm": layers.LSTMCell, "gru": layers.GRUCell}
        return layers.RNN(cells[cfg.cell](cfg.units), return_sequences=True, unroll=True)(x)
    kinds = {"simple": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}
    return kinds[cfg.cell](cfg.units, return_sequences=True)(x)


def _is_unrolled(cfg: Config) -> bool:
    """True where the graph has each step on its own: on torch, except where a GPU has fused layers.

    Keras' loop over simple cells cannot be recorded there, and what it has for LSTM and GRU
    computes gradients in a time that grows with the square of the steps: LSTM took four times as
    long for 28 steps, ten times for 100. On TensorFlow and JAX unrolling gained nothing.
    """
    import keras

    from fmtool.machine.devices import gpus

    return keras.backend.backend() == "torch" and (cfg.cell == "simple" or not gpus())
