"""What all optimizers share: their config keys, and the variables spared from weight decay."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, model_validator

from fmtool.config.base import Fraction, NamedConfig, NonNegativeFloat, PositiveFloat, PositiveInt

if TYPE_CHECKING:
    import keras


class OptimizerConfig(NamedConfig):
    """The keys of every optimizer, spelled and applied as `keras.optimizers` does."""

    learning_rate: PositiveFloat
    """The peak: the schedule starts from it, after its warm-up."""
    weight_decay: NonNegativeFloat | None
    """Decoupled: each step subtracts learning_rate * weight_decay * weight; null for none."""
    exclude_bias_and_norm: bool
    """Leave variables of rank 0 and 1 out of weight decay."""
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

    @model_validator(mode="after")
    def _one_kind_of_clipping(self) -> Self:
        keys = ("clipnorm", "clipvalue", "global_clipnorm")
        chosen = [key for key in keys if getattr(self, key) is not None]
        if len(chosen) > 1:
            raise ValueError(f"{' and '.join(chosen)} exclude each other; set one, the rest null")
        return self


def keras_arguments(cfg: OptimizerConfig) -> dict[str, Any]:
    """The keys of `cfg` that the Keras constructor takes under the same name."""
    return cfg.model_dump(exclude={"name", "learning_rate", "exclude_bias_and_norm"})


def exclude_from_weight_decay(
    optimizer: "keras.optimizers.Optimizer", trainable_variables: Iterable["keras.Variable"]
) -> None:
    """Leave biases, normalisation scales and all else of rank 0 and 1 out of weight decay.

    To be called once the model is built and before the optimizer is. Keras does not store the
    list with the optimizer, so a reloaded one needs the call again.
    """
    optimizer.exclude_from_weight_decay(
        var_list=[variable for variable in trainable_variables if len(variable.shape) <= 1]
    )
