"""A GPU or a share of the cores for each training that runs beside others."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from fmtool.machine import devices, processor
from fmtool.schema import RuntimeConfig


@dataclass(frozen=True)
class Slot:
    """Where one of the trainings that run side by side has its place.

    Args:
        gpu: as CUDA_VISIBLE_DEVICES names it; None where there is none, or all may be used.
        cpus: as the kernel counts them; None where all may be used.
    """

    gpu: str | None = None
    cpus: frozenset[int] | None = None

    def environment(self, runtime: RuntimeConfig) -> Mapping[str, str]:
        """For the process of a training with this `runtime`."""
        gpu = self._gpu_for(runtime)
        return {} if gpu is None else {"CUDA_VISIBLE_DEVICES": gpu}

    def settle(self, pid: int, runtime: RuntimeConfig) -> None:
        """Keeps a process that has just begun to its share of the cores.

        `runtime.threads=auto` then takes as many threads. As a key it would be part of what tells
        one training from another, and `sweep.jobs` must not be.
        """
        if self.cpus is None or runtime.threads != "auto" or self._gpu_for(runtime):
            return
        with suppress(OSError):  # it has just ended, or the machine does not allow it
            os.sched_setaffinity(pid, self.cpus)

    def _gpu_for(self, runtime: RuntimeConfig) -> str | None:
        return None if runtime.device == "cpu" else self.gpu


def slots(count: int) -> list[Slot]:
    """As many as trainings run side by side; one alone has all of the machine."""
    if count == 1:
        return [Slot()]
    gpus, cores = devices.visible_gpus(), processor.cores()
    share = max(1, len(cores) // count)
    return [
        Slot(
            gpu=gpus[place % len(gpus)] if gpus else None,
            cpus=_share(cores, place % max(1, len(cores) // share), share),
        )
        for place in range(count)
    ]


def _share(cores: list[set[int]], place: int, share: int) -> frozenset[int]:
    """Of equal size for all, since the number of threads may decide the last bits."""
    taken = cores[place * share : (place + 1) * share]
    return frozenset(cpu for core in taken for cpu in core)
