"""Classification of records of a picture and numbers, by both; the label in two parts."""

from typing import Literal

import numpy as np

from fmtool.elements import Features
from fmtool.tasks import classification
from fmtool.tasks.classification import (
    LEARNS,
    NEEDS,
    about,
    report_metrics,
    reporting,
    serving,
    training_metrics,
)

__all__ = [
    "LEARNS", "NEEDS", "about", "report_metrics", "reporting", "serving", "training_metrics",
]  # fmt: skip


class Config(classification.Config):
    name: Literal["both_fields"]


class BothFields(classification.Classification):
    def input(self, element):
        pictures, numbers = element.fields["picture"].shape, element.fields["ink"].shape
        return Features((np.prod(pictures).item() + numbers[0],))

    def as_input(self, x):
        from keras import ops

        pixels = ops.cast(ops.reshape(x["picture"], (-1, 64)), "float32")
        return ops.concatenate([pixels, x["ink"]], axis=1)

    def encode(self, y):
        return {"half": y // 2, "rest": {"odd": (y % 2).astype(np.uint8)}}

    def batch(self, x, y, uniforms, training):
        from keras import ops

        labels = 2 * y["half"] + ops.cast(y["rest"]["odd"], "int32")
        return super().batch(x, labels, uniforms, training)


def build(cfg, target, y):
    return BothFields(cfg, target, classification.class_weights(cfg, y, target.names))
