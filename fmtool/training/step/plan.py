"""The samples of each batch of an epoch, and the uniforms that are drawn for them."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fmtool.augment.stages.pipeline import Pipeline
from fmtool.training.step import order


@dataclass
class BatchPlan:
    """The index batches of each epoch. `epoch` is set before the epoch's first batch.

    Args:
        indices: int32 of shape (n,), rows of the table that take part.
        draws: uniforms for each sample; where nothing is shuffled they depend on its row alone,
            and are the same in each epoch.
        shuffles: whether the order changes from epoch to epoch; if so a last batch that would be
            smaller than the others is left out, and other samples fall into it each time.
        alternates: whether the first uniform of a sample is `order.flip_coins`, which changes
            sides from epoch to epoch.
        stops: numbers of steps at whose multiples, counted over the run, a dispatch ends: rows of
            the log and checkpoints fall on them, whatever the length of a dispatch is.
        start: steps at the begin of an epoch that are not fed, as training goes on behind them.
    """

    indices: NDArray[np.int32]
    batch_size: int
    seed: int = 0
    draws: int = 0
    shuffles: bool = False
    alternates: bool = False
    stops: tuple[int, ...] = ()
    epoch: int = 0
    start: int = 0
    _cached: tuple[int, NDArray[np.int32], NDArray[np.float32]] | None = field(
        default=None, init=False, repr=False
    )

    def __post_init__(self) -> None:
        self.batch_size = min(self.batch_size, len(self.indices))

    @property
    def steps(self) -> int:
        full, rest = divmod(len(self.indices), self.batch_size)
        return full if self.shuffles or not rest else full + 1

    @property
    def samples(self) -> int:
        """Samples seen in an epoch."""
        return self.steps * self.batch_size if self.shuffles else len(self.indices)

    def dispatch_end(self, begin: int, length: int) -> int:
        """The step of the epoch before which a dispatch ends; `begin` where none is left.

        Args:
            begin: the first step of the dispatch, counted from the begin of the epoch.
            length: steps that a dispatch has at most.
        """
        before = self.epoch * self.steps
        at = before + begin
        ends = [each * (at // each + 1) - before for each in self.stops]
        return min(begin + length, self.steps, *ends)

    def fed(self, start: int, length: int) -> int:
        """Steps that Keras is told of, in so many at a time, for every dispatch to have its turn.

        Some dispatches of an epoch are shorter than others, and not the same ones in each epoch:
        the last ones may find nothing left.
        """
        left = self.steps - start
        if not self.stops or length == 1:
            return left
        dispatches = -(-left // length) + sum(left // each + 1 for each in self.stops)
        return min(left, dispatches) * length

    def batch(self, number: int) -> slice:
        """The place of the batch in `arrays`."""
        return slice(number * self.batch_size, (number + 1) * self.batch_size)

    def arrays(self) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """(samples,) int32 and (samples, draws) float32 of the current epoch."""
        if self._cached is None or self._cached[0] != self.epoch:
            self._cached = (self.epoch, *self.arrays_of(self.epoch))
        return self._cached[1], self._cached[2]

    def arrays_of(self, epoch: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """As `arrays`, of any epoch; computed anew."""
        rows = self.indices
        if self.shuffles:
            rows = order.shuffled(rows, seed=self.seed, epoch=epoch)[: self.samples]
            draws = order.uniforms(len(rows), self.draws, seed=self.seed, epoch=epoch)
        else:
            draws = order.uniforms_of_rows(rows, self.draws, seed=self.seed)
        if self.alternates:
            draws[:, 0] = order.flip_coins(rows, seed=self.seed, epoch=epoch)
        return rows, draws


def plan_of(
    indices: NDArray[np.int32],
    batch_size: int,
    augment: Pipeline | None,
    *,
    seed: int,
    task_draws: int = 0,
    stops: tuple[int, ...] = (),
) -> BatchPlan:
    """The plan of training epochs over rows of a table.

    Args:
        task_draws: uniforms of a sample that follow those of `augment`.
    """
    plan = BatchPlan(indices, batch_size, seed, draws=task_draws, shuffles=True, stops=stops)
    if augment is not None:
        plan.draws, plan.alternates = augment.draws + task_draws, augment.alternates
    return plan
