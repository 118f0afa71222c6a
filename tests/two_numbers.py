"""Two numbers for each sample, by their squared error: a task of one's own without labels."""

from typing import Literal

import numpy as np

from fmtool.metric import Metric
from fmtool.tasks.base import Task, TaskConfig
from fmtool.tasks.shared.reporting import Report, Reporting
from fmtool.tasks.shared.serving import Answer, Output, Serving

LEARNS = ("numbers",)
NEEDS = "vector"


class Config(TaskConfig):
    name: Literal["two_numbers"]


def training_metrics(cfg):
    return (Metric("loss", "min"),)


def report_metrics(cfg):
    return (Metric("mae", "min"),)


class TwoNumbers(Task):
    def head(self, representation, hints=None):
        import keras

        return keras.layers.Dense(2, name="numbers")(representation)

    def as_weights(self, y):
        return y

    def loss(self, y, outputs):
        from keras import ops

        return ops.mean(ops.square(ops.cast(y, outputs.dtype) - outputs), axis=-1)

    def metrics(self):
        return []


class Meter:
    def __init__(self):
        self.gaps = []

    def add(self, outputs, y):
        self.gaps.append(np.abs(outputs - y).mean(axis=1))

    def report(self):
        gaps = np.concatenate(self.gaps)
        return Report(samples=len(gaps), metrics={"mae": float(gaps.mean())})


class Measured(Reporting):
    @property
    def output_shape(self):
        return (2,)

    def meter(self):
        return Meter()


class Served(Serving):
    @property
    def outputs(self):
        return {"value": Output("float32", "relative", (2,), noun="a value")}

    def serve(self, outputs):
        return {"value": outputs}

    def reference(self, outputs):
        return {"value": outputs}

    def network_outputs(self, served):
        return served["value"]

    def columns(self, options):
        return self.target.names

    def decode(self, served, options):
        rows = served["value"].tolist()
        return [
            Answer(
                cells=row,
                document=dict(zip(self.target.names, row, strict=True)),
                shown=[f"{each:.4g}" for each in row],
            )
            for row in rows
        ]


def build(cfg, target, y):
    return TwoNumbers(target)


def reporting(cfg, target, kept):
    return Measured(target)


def about(cfg, kept):
    return {}


def serving(about, target):
    return Served(target)
