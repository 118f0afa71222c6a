"""A model, its data as normalised float32 arrays in memory and a batch size, named as for `train`.

What the bare contestants work on. The network is fmtool's own, so both sides compute the same.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contest import presets
from fmtool import options, registry, validate
from fmtool.config.compose import compose
from fmtool.data.samples.images import pixels_of
from fmtool.representations import Representation

_CHUNK = 4096


@dataclass(frozen=True)
class Workload:
    """Args:
    images: normalised, (n, height, width, channels); n is a multiple of the batch size.
    """

    model: Any
    task: Any
    needs: Representation
    batch_size: int
    images: NDArray[np.float32]
    labels: NDArray[np.int32]

    @property
    def steps(self) -> int:
        return len(self.labels) // self.batch_size

    def batches(self) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int32]]]:
        for start in range(0, len(self.labels), self.batch_size):
            batch = slice(start, start + self.batch_size)
            yield self.images[batch], self.labels[batch]

    def network(self) -> Any:
        """Maps float32 images to logits. Imports Keras."""
        from fmtool.training.network import architecture

        element = pixels_of(self.images)
        return architecture(self.model, element, self.task, needs=self.needs).as_model(element)


def load(words: list[str]) -> Workload:
    """Of the overrides only `model`, `data`, `data.limit` and `batch_size` count."""
    cfg = validate.train_config(compose("train", words))
    assert isinstance(cfg.batch_size, int)
    splits = registry.module("data", cfg.data.name).load(cfg.data)
    count = min(cfg.data.limit or len(splits.train), len(splits.train))
    count -= count % cfg.batch_size
    images, labels = normalized(splits.train.x[:count]), np.array(splits.train.y[:count])
    option = options.task(cfg.task.name)
    task = option.build(cfg.task, splits.target, labels)
    return Workload(cfg.model, task, option.NEEDS, cfg.batch_size, images, labels)


def normalized(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Mean 0 and deviation 1 per channel."""
    images = np.empty(pixels.shape, np.float32)
    for start in range(0, len(pixels), _CHUNK):
        images[start : start + _CHUNK] = pixels[start : start + _CHUNK]
    images -= images.mean(axis=(0, 1, 2))
    images /= images.std(axis=(0, 1, 2)) + 1e-6
    return images


def arguments(description: str | None) -> argparse.ArgumentParser:
    """What the bare contestants have in common."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--backend", default="tensorflow", choices=presets.BACKENDS)
    parser.add_argument("--precision", default="float32", choices=presets.PRECISIONS)
    parser.add_argument("words", nargs="+", help="overrides of `fmtool train`")
    return parser


def import_keras(backend: str, precision: str) -> Any:
    """Keras as a script with these two settings has it, without TensorFlow beside another."""
    os.environ["KERAS_BACKEND"] = backend
    if backend != "tensorflow":
        sys.modules["tensorflow"] = None  # type: ignore[assignment]

    import keras

    if precision != "float32":
        keras.config.set_dtype_policy(f"mixed_{precision}")
    return keras
