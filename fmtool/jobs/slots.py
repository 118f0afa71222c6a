"""A GPU or a share of the cores for each training that runs beside others."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from fmtool.machine import devices, processor
from fmtool.machine.processor import THREADS_VARIABLE


@dataclass(frozen=True)
class Slot:
    """The place of one of the trainings that run side by side.

    Args:
        gpu: as CUDA_VISIBLE_DEVICES names it; None where there is none, or all may be used.
        threads: on the CPU; None for as many as there are cores.
    """

    gpu: str | None = None
    threads: int | None = None

    def environment(self, device: str) -> Mapping[str, str]:
        """For the process of a training with this `runtime.device`."""
        if self.gpu is not None and device != "cpu":
            return {"CUDA_VISIBLE_DEVICES": self.gpu}
        return {} if self.threads is None else {THREADS_VARIABLE: str(self.threads)}


def slots(count: int) -> list[Slot]:
    """As many as trainings run side by side; one alone has all of the machine.

    All have as many threads, since their number may decide the last bits of a result. What the
    user has said of them in the environment is left to stand.
    """
    if count == 1:
        return [Slot()]
    gpus = devices.visible_gpus()
    is_told = THREADS_VARIABLE in os.environ
    threads = None if is_told else max(1, processor.physical_cores() // count)
    return [Slot(gpus[place % len(gpus)] if gpus else None, threads) for place in range(count)]
