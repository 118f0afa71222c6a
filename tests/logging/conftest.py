"""A plan and rows as the training loop makes them."""

from collections.abc import Callable
from typing import Any

import pytest

from fmtool.logging.sink import Row, TrainingInfo
from fmtool.metric import Metric

RowMaker = Callable[..., Row]


@pytest.fixture
def plan() -> TrainingInfo:
    return TrainingInfo(
        model_name="cnn",
        data_name="cifar10",
        kind="image",
        parameters=122570,
        epochs=10,
        steps_per_epoch=100,
        batch_size=64,
        train_size=6400,
        validation_size=1000,
        monitor=Metric("val_loss", "min"),
        backend="tensorflow",
        device="cpu",
        precision="float32",
    )


@pytest.fixture
def step_row() -> RowMaker:
    def make(step: int, **metrics: Any) -> Row:
        return {
            "kind": "step",
            "epoch": (step - 1) // 100 + 1,
            "step": step,
            "seconds": step / 10,
            "learning_rate": 1e-3,
            "samples_per_second": 6420.6,
            **(metrics or {"loss": 0.5}),
        }

    return make


@pytest.fixture
def epoch_row() -> RowMaker:
    def make(epoch: int, **metrics: Any) -> Row:
        return {
            "kind": "epoch",
            "epoch": epoch,
            "step": epoch * 100,
            "seconds": epoch * 10.0,
            "learning_rate": 1e-3,
            "samples_per_second": 6420.6,
            **(metrics or {"loss": 0.5}),
        }

    return make


class Clock:
    """Stands still until it is told to move."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()
