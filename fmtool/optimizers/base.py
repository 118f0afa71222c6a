"""The keys of all optimizers, and the variables spared from weight decay."""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Protocol, Self

from pydantic import AfterValidator, Field, model_validator

from fmtool.config.base import Fraction, NamedConfig, NonNegativeFloat, PositiveFloat, PositiveInt
from fmtool.errors import UsageError
from fmtool.notices import counted

if TYPE_CHECKING:
    import keras


def _regular_expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"'{text}' is no regular expression: {error}") from error
    return text


Pattern = Annotated[str, AfterValidator(_regular_expression)]
"""A regular expression, sought in the paths of variables such as `logits/kernel`."""


class OptimizerConfig(NamedConfig):
    """The keys of every optimizer, spelled and applied as `keras.optimizers` does."""

    learning_rate: PositiveFloat
    """The peak: the schedule starts from it, after its warm-up."""
    weight_decay: NonNegativeFloat | None
    """Decoupled: each step subtracts learning_rate * weight_decay * weight; null for none."""
    exclude_bias_and_norm: bool
    """Leave biases and all variables of rank 0 and 1 out of weight decay."""
    clipnorm: PositiveFloat | None
    """The largest norm a variable's gradient may have; null for no limit."""
    clipvalue: PositiveFloat | None
    """The largest absolute value a gradient element may have; null for no limit."""
    global_clipnorm: PositiveFloat | None
    """The largest norm all gradients together may have; null for no limit."""
    use_ema: bool
    """Keep a moving average of the weights and end training with it."""
    ema_momentum: Fraction
    """The share of the old average at each step."""
    ema_overwrite_frequency: PositiveInt | None
    """Overwrite the weights with their average every so many steps; null for at the end only."""
    gradient_accumulation_steps: Annotated[int, Field(ge=2)] | None
    """Average the gradients of so many batches for each update; null for one update per batch."""
    learning_rate_factors: dict[Pattern, NonNegativeFloat]
    """Factors for the learning rate of the variables that match; 0 freezes them."""
    freeze_after: dict[Pattern, NonNegativeFloat]
    """The epochs after which the variables that match keep their values."""
    lookahead_steps: PositiveInt | None
    """Steps between two pulls of the weights to their slow copies; null for no slow copies."""
    lookahead_alpha: Fraction
    """The share of the way that slow weights go towards the fast ones."""
    lookahead_growth: NonNegativeFloat
    """The share they stay behind, 1 - lookahead_alpha, grows as (step / steps) ** this."""

    @model_validator(mode="after")
    def _one_kind_of_clipping(self) -> Self:
        keys = ("clipnorm", "clipvalue", "global_clipnorm")
        chosen = [key for key in keys if getattr(self, key) is not None]
        if len(chosen) > 1:
            raise ValueError(f"{' and '.join(chosen)} exclude each other; set one, the rest null")
        return self

    @model_validator(mode="after")
    def _one_kind_of_average(self) -> Self:
        if self.use_ema and self.lookahead_steps is not None:
            raise ValueError("use_ema and lookahead_steps exclude each other; turn one off")
        return self

    def require_effect(self, *, steps_per_epoch: int, epochs: int) -> None:
        """Raises UsageError for what a run of this length ends before; a step is one batch."""
        total = steps_per_epoch * epochs
        if self.ema_overwrite_frequency is not None and not self.use_ema:
            raise UsageError(
                "optimizer.ema_overwrite_frequency has no moving average to put into the weights",
                fix="add optimizer.use_ema=true",
            )
        for key, what in _PERIODS.items():
            period = getattr(self, key)
            if period is not None and period > total:
                shorter = f"optimizer.{key}={total} or " if total > 1 else ""
                raise UsageError(
                    f"optimizer.{key}={period}: a run of {counted(total, 'step')} {what}",
                    fix=f"{shorter}epochs={-(-period // steps_per_epoch)}",
                )
        for pattern, end in self.freeze_after.items():
            if round(end * steps_per_epoch) >= total:
                raise UsageError(
                    f"optimizer.freeze_after: '{pattern}' after {end:g} epochs is no earlier than "
                    f"the end of the run, after {epochs}",
                    fix=f"epochs={math.floor(end) + 1} or more, or an earlier end",
                )

    def remarks(self, *, steps_per_epoch: int, epochs: int) -> Iterator[str]:
        """Lines on what such a run leaves out at its end."""
        total = steps_per_epoch * epochs
        every = self.gradient_accumulation_steps
        if every is not None and (rest := total % every):
            yield (
                f"optimizer.gradient_accumulation_steps={every}: the last {rest} of {total} "
                "batches make no update"
            )
        every = self.lookahead_steps
        if every is not None and (rest := total % every):
            yield (
                f"optimizer.lookahead_steps={every}: the last {rest} of {total} steps have no "
                "part in the slow weights, which are the result"
            )


class Build(Protocol):
    def __call__(self, cfg: Any, learning_rate: Any, /) -> Any:
        """A `keras.optimizers.Optimizer`.

        Args:
            learning_rate: a number, or a `keras.optimizers.schedules.LearningRateSchedule`.
        """


@dataclass(frozen=True)
class OptimizerOption:
    """The contract of an optimizer's file: its names, each a field::

    class Config(OptimizerConfig):
        name: Literal["adamw"]

    def build(cfg, learning_rate):
        import keras

        return keras.optimizers.AdamW(learning_rate, **keras_arguments(cfg))
    """

    Config: type[OptimizerConfig]
    build: Build


_PERIODS = {
    "gradient_accumulation_steps": "makes no update",
    "lookahead_steps": "never moves the slow weights, which are its result",
    "ema_overwrite_frequency": "never puts the average into the weights before its end",
}
"""Keys of a number of steps, and what becomes of a run that has fewer."""

KEYS_OF_OURS = frozenset(
    {
        "exclude_bias_and_norm",
        "learning_rate_factors",
        "freeze_after",
        "lookahead_steps",
        "lookahead_alpha",
        "lookahead_growth",
    }
)
"""The shared keys that fmtool itself applies, to every optimizer alike."""


def keras_arguments(cfg: OptimizerConfig) -> dict[str, Any]:
    """The keys of `cfg` that the Keras constructor takes under the same name."""
    return cfg.model_dump(exclude={"name", "learning_rate", *KEYS_OF_OURS})


def of_every_backend(optimizer: "type[keras.optimizers.Optimizer]") -> Any:
    """`optimizer`, on torch with the update that it has on every other backend.

    Keras has a variant for torch, which asks the device for numbers at every step: no GPU can work
    ahead, and no step be recorded. It takes the place of the class itself, not of one derived from
    it.
    """
    import keras

    if keras.backend.backend() != "torch":
        return optimizer
    return type(optimizer.__name__, (optimizer,), {})


def exclude_from_weight_decay(
    optimizer: "keras.optimizers.Optimizer", trainable_variables: Iterable["keras.Variable"]
) -> None:
    """Leave biases, normalisation scales and all else of rank 0 and 1 out of weight decay.

    The biases of attention and of recurrent layers have rank 2.

    To be called once the model is built and before the optimizer is. Keras does not store the
    list with the optimizer, so a reloaded one needs the call again.
    """
    optimizer.exclude_from_weight_decay(
        var_list=[
            variable
            for variable in trainable_variables
            if len(variable.shape) <= 1 or variable.name == "bias"
        ]
    )
