"""The one seam in Keras' training: steps that take sample numbers and gather on the device.

`fit`, `evaluate`, callbacks and metrics are Keras' own. Pixels cross to the device once, as
uint8; gathering, augmentation and normalisation are part of the compiled step.
"""

from typing import Any

import keras
import numpy as np

from fmtool.data.splits import Split

Table = tuple[Any, Any]
"""(images uint8 (n, h, w, c), labels int32 (n,)) on the device."""


def to_device(split: Split) -> Table:
    return (
        keras.ops.convert_to_tensor(np.asarray(split.x), dtype="uint8"),
        keras.ops.convert_to_tensor(np.asarray(split.y), dtype="int32"),
    )


class IndexedModel(keras.Model):  # type: ignore[misc]  # Keras ships no types
    """Trains `network` on batches of rows of a table. Never saved; `network` is what is saved.

    Args:
        network: maps uint8 images (batch, h, w, c) to logits (batch, classes).
        augment: maps (images, uniforms) to images of the same shape and dtype, or None.
        train_table, validation_table: may be one and the same.
    """

    def __init__(
        self, network: Any, augment: Any, train_table: Table, validation_table: Table
    ) -> None:
        super().__init__(name="indexed")
        self.network = network
        self._augment = augment
        # Lists would be tracked as layers and closures are not: the tables are data, not state.
        self._train_table = lambda: train_table
        self._validation_table = lambda: validation_table

    def call(self, images: Any, training: bool = False) -> Any:
        return self.network(images, training=training)

    # On JAX a step is step(state, batch), elsewhere step(batch).
    def train_step(self, *arguments: Any) -> Any:
        *state, batch = arguments
        images, labels = _gather(batch, self._train_table())
        if self._augment is not None:
            images = self._augment(images, batch[1])
        return super().train_step(*state, (images, labels))

    def test_step(self, *arguments: Any) -> Any:
        *state, batch = arguments
        table = self._validation_table()
        return super().test_step(*state, _gather(batch, table))

    def build_everything(self) -> None:
        """Makes the variables of optimizer and metrics, which `fit` would make at its start."""
        self._symbolic_build()

    def _symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        # Keras builds metrics and loss from the first batch it is fed; ours holds row numbers.
        images, labels = self._train_table()
        super()._symbolic_build(data_batch=(images[:1], labels[:1]))


def _gather(batch: tuple[Any, ...], table: Table) -> Table:
    images, labels = batch[2] if len(batch) > 2 else table
    rows = batch[0]
    return keras.ops.take(images, rows, axis=0), keras.ops.take(labels, rows, axis=0)
