"""Recurrent network of LSTM, GRU or simple cells, in one direction or both.

Hochreiter & Schmidhuber 1997 (doi:10.1162/neco.1997.9.8.1735), Cho et al. 2014 (arXiv:1406.1078),
Elman 1990; both directions Schuster & Paliwal 1997.
"""

from typing import Any, Literal

from fmtool.config.base import PositiveInt, Rate
from fmtool.elements import Element
from fmtool.models.sequences import Pooling, SequenceConfig

IS_CONVOLUTIONAL = False
READS = ("text", "image", "features")


class Config(SequenceConfig):
    name: Literal["rnn"]
    cell: Literal["simple", "lstm", "gru"]
    units: PositiveInt
    """Of each layer and direction."""
    layers: PositiveInt
    bidirectional: bool
    pooling: Pooling
    dropout: Rate


def build(cfg: Config, element: Element, num_classes: int) -> Any:
    """Maps (batch, *element.shape) samples to (batch, num_classes) logits."""
    import keras

    from fmtool.models import blocks, pooling, steps

    sample = steps.of_sample(cfg, element)
    x, mask = sample.x, sample.mask
    for _ in range(cfg.layers):
        y = _read(cfg, x)
        if cfg.bidirectional:
            backward = steps.reverse(_read(cfg, steps.reverse(x, mask)), mask)
            y = keras.ops.concatenate([y, backward], axis=-1)
        x = blocks.drop(y, cfg.dropout)
    y = pooling.pool(x, mask, cfg.pooling)
    if cfg.bidirectional and cfg.pooling == "last":
        # What reads from the end comes to the first step last.
        y = keras.ops.concatenate([y[:, : cfg.units], x[:, 0, cfg.units :]], axis=-1)
    return keras.Model(sample.inputs, blocks.logits(y, num_classes), name="rnn")


def _read(cfg: Config, x: Any) -> Any:
    """The outputs (batch, steps, units) of a layer of cells.

    Without a mask, as padding comes last: no step that counts sees it, and with a mask Keras has
    no fused layers on JAX and torch.
    """
    import keras

    cells = {"simple": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}
    # Keras' loop over simple cells on torch looks at a counter, which a recorded step cannot:
    # unrolled it took half the time there. Elsewhere unrolling gained nothing measurable.
    is_unrolled = cfg.cell == "simple" and keras.backend.backend() == "torch"
    return cells[cfg.cell](cfg.units, return_sequences=True, unroll=is_unrolled)(x)
