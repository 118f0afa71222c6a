"""The keys of a task's loss where outputs are logits of classes."""

from typing import Any, Literal

from fmtool.config.base import NonNegativeFloat, PositiveFloat, Rate
from fmtool.tasks.base import TaskConfig
from fmtool.tasks.shared.class_weights import ClassWeights


class LossConfig(TaskConfig):
    loss: Literal["cross_entropy", "focal", "mse", "mae", "huber"]
    """The last three compare probabilities with labels, mixed ones too."""
    focal_gamma: NonNegativeFloat
    """The rate at which a sample of `focal` loses weight the surer it is; 0 for cross-entropy."""
    huber_delta: PositiveFloat
    """The error of a probability from which `huber` is linear."""
    label_smoothing: Rate
    class_weights: ClassWeights

    def loss_name(self) -> str:
        own = {"focal": "focal_gamma", "huber": "huber_delta"}
        keys = [own[self.loss]] if self.loss in own else []
        keys += ["label_smoothing"] if self.label_smoothing else []
        return ", ".join([self.loss, *(f"{key}={getattr(self, key):g}" for key in keys)])


def loss(cfg: LossConfig, num_classes: int) -> Any:
    """A function of labels and logits (batch, classes), which gives (batch,).

    Labels are integers (batch,), or distributions (batch, classes) where samples are mixed.
    """
    from fmtool.tasks.shared import losses

    if cfg.loss == "cross_entropy":
        return losses.cross_entropy(num_classes, cfg.label_smoothing)
    distance = {
        "focal": losses.focal(cfg.focal_gamma),
        "mse": losses.squared,
        "mae": losses.absolute,
        "huber": losses.huber(cfg.huber_delta),
    }[cfg.loss]
    return losses.distance_to_targets(distance, num_classes, cfg.label_smoothing)


def loss_of_yes_or_no(cfg: LossConfig) -> Any:
    """A function of answers in [0, 1] and logits, both (batch, ...), which gives a loss for each.

    As of two classes, yes and no, where the logit of no is 0.
    """
    of_two = loss(cfg, 2)

    def function(y: Any, logits: Any) -> Any:
        from keras import ops

        y = ops.cast(y, logits.dtype)
        both = ops.stack([1 - y, y], axis=-1)
        return of_two(both, ops.stack([ops.zeros_like(logits), logits], axis=-1))

    return function
