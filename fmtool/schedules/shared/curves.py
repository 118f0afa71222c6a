"""The learning-rate schedules that Keras lacks: warm-up, one cycle, exact restarts, plateau factor.

Imported inside `build` only, because it imports Keras. The classes are registered under
`fmtool>`, so a saved model that carries one loads wherever fmtool has been imported.
"""

import math
from typing import Any

import keras
from keras import ops
from keras.optimizers.schedules import LearningRateSchedule


def _learning_rate(schedule: Any, step: Any) -> Any:
    """The value at `step` of a schedule, or of a plain number at any step."""
    if isinstance(schedule, LearningRateSchedule):
        return schedule(step)
    return ops.convert_to_tensor(schedule, "float32")


class _Wrapper(LearningRateSchedule):  # type: ignore[misc]  # Keras ships no types
    """A schedule around another one, or around a plain learning rate."""

    def __init__(self, schedule: Any) -> None:
        super().__init__()
        self.schedule = schedule

    def get_config(self) -> dict[str, Any]:
        return {"schedule": keras.saving.serialize_keras_object(self.schedule)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "_Wrapper":
        schedule = keras.saving.deserialize_keras_object(config["schedule"])
        return cls(**{**config, "schedule": schedule})


@keras.saving.register_keras_serializable(package="fmtool")
class WarmUp(_Wrapper):
    """schedule(max(step - delay, 0)) * (start + (1 - start) * min(step / steps, 1)).

    Gradual warm-up of Goyal et al. 2017 (arXiv:1706.02677): the first step has `start` times the
    learning rate, step number `steps` is the first with all of it.
    """

    def __init__(self, schedule: Any, *, steps: int, start: float, delay: int) -> None:
        super().__init__(schedule)
        self.steps = steps
        self.start = start
        self.delay = delay

    def __call__(self, step: Any) -> Any:
        # float32 holds every step number up to 2**24 exactly.
        step = ops.cast(step, "float32")
        ramp = self.start + (1.0 - self.start) * ops.minimum(step / self.steps, 1.0)
        return _learning_rate(self.schedule, ops.maximum(step - self.delay, 0.0)) * ramp

    def get_config(self) -> dict[str, Any]:
        own = {"steps": self.steps, "start": self.start, "delay": self.delay}
        return super().get_config() | own


@keras.saving.register_keras_serializable(package="fmtool")
class Plateau(_Wrapper):
    """schedule(step) * factor, where a callback lowers `factor` while a metric stalls.

    `attach` makes `factor` a variable of the optimizer, so that checkpoints hold it and the
    compiled step reads its present value; until then it counts as 1.

    Args:
        minimum: `factor` never falls below it.
    """

    def __init__(self, schedule: Any, *, minimum: float) -> None:
        super().__init__(schedule)
        self.minimum = minimum
        self.factor: keras.Variable | None = None

    def __call__(self, step: Any) -> Any:
        learning_rate = _learning_rate(self.schedule, step)
        return learning_rate if self.factor is None else ops.multiply(learning_rate, self.factor)

    def attach(self, optimizer: keras.optimizers.Optimizer) -> None:
        self.factor = optimizer.add_variable(
            shape=(),
            initializer="ones",
            dtype="float32",
            aggregation="only_first_replica",
            name="plateau_factor",
        )

    def lower(self, by: float) -> None:
        """Multiply `factor` by `by`; between steps only, after `attach`."""
        if self.factor is None:
            raise RuntimeError("attach the schedule to its optimizer before training")
        present = float(ops.convert_to_numpy(self.factor))
        self.factor.assign(max(present * by, self.minimum))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"minimum": self.minimum}


@keras.saving.register_keras_serializable(package="fmtool")
class OneCycle(LearningRateSchedule):  # type: ignore[misc]  # Keras ships no types
    """Up from `initial` to `peak` in `rise_steps`, then down to `final` in `fall_steps`.

    Super-convergence of Smith & Topin 2018 (arXiv:1708.07120), with the two phases of fast.ai:
    from a to b after a fraction p of its phase, `linear` gives a + (b - a) p and `cos`
    b + (a - b) (1 + cos(pi p)) / 2.
    """

    def __init__(
        self,
        *,
        initial: float,
        peak: float,
        final: float,
        rise_steps: int,
        fall_steps: int,
        anneal_strategy: str,
    ) -> None:
        super().__init__()
        self.initial = initial
        self.peak = peak
        self.final = final
        self.rise_steps = rise_steps
        self.fall_steps = fall_steps
        self.anneal_strategy = anneal_strategy

    def __call__(self, step: Any) -> Any:
        step = ops.cast(step, "float32")
        rise = step / self.rise_steps
        fall = ops.minimum((step - self.rise_steps) / self.fall_steps, 1.0)
        return ops.where(
            step < self.rise_steps,
            self._between(self.initial, self.peak, rise),
            self._between(self.peak, self.final, fall),
        )

    def _between(self, begin: float, end: float, progress: Any) -> Any:
        if self.anneal_strategy == "cos":
            progress = 0.5 * (1.0 - ops.cos(math.pi * progress))
        return begin + (end - begin) * progress

    def get_config(self) -> dict[str, Any]:
        return {
            "initial": self.initial,
            "peak": self.peak,
            "final": self.final,
            "rise_steps": self.rise_steps,
            "fall_steps": self.fall_steps,
            "anneal_strategy": self.anneal_strategy,
        }


@keras.saving.register_keras_serializable(package="fmtool")
class CosineRestarts(LearningRateSchedule):  # type: ignore[misc]  # Keras ships no types
    """peak * (alpha + (1 - alpha) * m_mul**i * (1 + cos(pi * t / T)) / 2), t steps into cycle i.

    SGDR of Loshchilov & Hutter 2017 (arXiv:1608.03983). `starts` lists the first step of every
    cycle and the end of the last one, which keeps its final value from there on. Keras'
    CosineDecayRestarts finds the cycle by a float32 logarithm instead; on torch with t_mul 1.5
    that comes too late and the restarting step has the lowest learning rate, not the highest.
    """

    def __init__(
        self, *, learning_rate: float, starts: list[int], m_mul: float, alpha: float
    ) -> None:
        super().__init__()
        self.learning_rate = learning_rate
        self.starts = starts
        self.m_mul = m_mul
        self.alpha = alpha

    def __call__(self, step: Any) -> Any:
        step = ops.cast(step, "float32")
        starts = ops.convert_to_tensor(self.starts, "float32")
        cycle = ops.sum(ops.cast(step >= starts[1:-1], "int32"))
        begin, end = ops.take(starts, cycle), ops.take(starts, cycle + 1)
        progress = ops.minimum((step - begin) / (end - begin), 1.0)
        height = self.m_mul ** ops.cast(cycle, "float32")
        cosine = 0.5 * height * (1.0 + ops.cos(math.pi * progress))
        return self.learning_rate * (self.alpha + (1.0 - self.alpha) * cosine)

    def get_config(self) -> dict[str, Any]:
        return {
            "learning_rate": self.learning_rate,
            "starts": self.starts,
            "m_mul": self.m_mul,
            "alpha": self.alpha,
        }
