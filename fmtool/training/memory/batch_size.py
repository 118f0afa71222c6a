"""Batches that fit into memory, and the largest of them for `batch_size=auto`, found by trying.

Each size is tried in a process of its own: one that is too large, ended by us or by the system,
costs that process alone and leaves no memory in pieces behind.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from signal import Signals
from typing import Any

from fmtool.errors import FmtoolError, OutOfMemory, from_json
from fmtool.machine import memory
from fmtool.machine.memory import format_bytes
from fmtool.notices import note
from fmtool.schema import TrainConfig
from fmtool.training.memory.out_of_memory import out_of_memory

AUTO = "auto"
MAX_FRACTION = 0.8
"""The share of free memory to use; the rest is for validation, checkpoints, plots, neighbours."""
LARGEST = 8192
"""Beyond it the error of a trained model rises, whatever the learning rate: Goyal et al.,
Accurate, Large Minibatch SGD, 2017, arXiv:1706.02677, figure 1."""
_SMALL_EXPONENT = 5
_STRIDE = 3
_LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Probe:
    """The outcome of one training step.

    Args:
        peak: bytes of the machine's memory.
        obstacle: why it does not fit; None if it does.
    """

    peak: int = 0
    device: str = "cpu"
    obstacle: str | None = None

    @property
    def fits(self) -> bool:
        return self.obstacle is None


def resolve(cfg: TrainConfig, *, samples: int, plugins: Sequence[str]) -> TrainConfig:
    """`cfg` with a number for `batch_size`.

    A number that is there is tried only where `ulimit` or the like bounds the memory of this
    process on TensorFlow, which does not look whether it was given any, and dies.

    Args:
        samples: how many there are to train on.
        plugins: what the probes load besides.

    Raises:
        OutOfMemory: that number, or not even a single sample, fits.
        FmtoolError: whatever else ended a probe.
    """
    if cfg.batch_size == AUTO:
        return _largest_fitting(cfg, samples, plugins)
    if memory.is_limited() and cfg.runtime.backend == "tensorflow":
        there = memory.available()
        note(f"memory is limited to {format_bytes(there)}: one step is tried before")
        if not _probe(cfg, plugins, there, share=1.0).fits:
            raise out_of_memory(cfg, samples=samples)
    return cfg


def _largest_fitting(cfg: TrainConfig, samples: int, plugins: Sequence[str]) -> TrainConfig:
    there = memory.available()
    limit = int(MAX_FRACTION * there)

    def probe(size: int) -> Probe:
        tried = cfg.model_copy(update={"batch_size": size})
        outcome = _probe(tried, plugins, limit, share=MAX_FRACTION)
        found = f"fits, peak {format_bytes(outcome.peak)}" if outcome.fits else outcome.obstacle
        note(f"batch_size=auto: trying {size}: {found}")
        return outcome

    size, outcome = largest(probe, most=min(samples, LARGEST), limit=limit)
    peak = f"peak {format_bytes(outcome.peak)} of {format_bytes(there)} available"
    note(f"batch_size=auto: {size} ({peak if outcome.device == 'cpu' else outcome.device})")
    return cfg.model_copy(update={"batch_size": size})


def largest(probe: Callable[[int], Probe], *, most: int, limit: int) -> tuple[int, Probe]:
    """The largest power of two up to `most` that fits, and what its probe found.

    Raises OutOfMemory if 1 does not fit.

    Args:
        limit: bytes, for a prediction from the peaks of smaller batches.
    """
    top = most.bit_length() - 1
    tried: dict[int, Probe] = {}
    exponent: int | None = top
    while exponent is not None:
        tried[exponent] = probe(2**exponent)
        exponent = _next(tried, top, limit)
    fitting = [exponent for exponent, outcome in tried.items() if outcome.fits]
    if not fitting:
        raise OutOfMemory(
            f"batch_size=auto: not even batch_size=1 fits: {tried[0].obstacle}",
            fix="take a smaller model or a machine with more memory",
        )
    best = max(fitting)
    return 2**best, tried[best]


def _next(tried: Mapping[int, Probe], top: int, limit: int) -> int | None:
    """The exponent to try next: two small ones, one predicted from them, then by bisection."""
    fitting = sorted(exponent for exponent, outcome in tried.items() if outcome.fits)
    failing = [exponent for exponent, outcome in tried.items() if not outcome.fits]
    lower, upper = max(fitting, default=-1), min(failing, default=top + 1)
    if lower + 1 == upper:
        return None
    if not fitting:
        return min(_SMALL_EXPONENT, upper // 2)
    if len(fitting) == 1:
        return min(lower + _STRIDE, upper - 1)
    if len(failing) > 1:
        return (lower + upper + 1) // 2
    below = fitting[-2]
    slope = (tried[lower].peak - tried[below].peak) / (2**lower - 2**below)
    for exponent in range(upper - 1, lower, -1):
        if tried[lower].peak + slope * (2**exponent - 2**lower) <= limit:
            return exponent
    return None


def _probe(cfg: TrainConfig, plugins: Sequence[str], limit: int, *, share: float) -> Probe:
    """Runs `batch_probe`; ends it as soon as it holds more than `limit` bytes.

    Args:
        share: of the limits on this process that the probe has.
    """
    request = {
        "config": cfg.model_dump(mode="json", serialize_as_any=True),
        "plugins": list(plugins),
        "share": share,
    }
    with subprocess.Popen(
        # -P: a file in the working directory must not stand in for a module of ours.
        [sys.executable, "-P", "-m", "fmtool.training.memory.batch_probe"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        process_group=0,  # a terminal's Ctrl-C reaches us alone
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            # Stays open: where it closes, the probe knows that we are gone.
            child.stdin.write(json.dumps(request) + "\n")
            child.stdin.flush()
            while not _has_ended(child):
                if memory.of_process(child.pid) > limit:
                    return Probe(obstacle=f"needs more than {format_bytes(limit)}")
            return _judged(child.stdout.read(), child.returncode, cfg)
        finally:
            child.kill()


def _has_ended(child: "subprocess.Popen[str]") -> bool:
    try:
        child.wait(_LOOK_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return True


def _judged(printed: str, status: int, cfg: TrainConfig) -> Probe:
    """Raises the error that the probe reports, if it is another than being out of memory."""
    if status < 0:
        # A backend that cannot allocate may abort, or write where it was given nothing.
        return Probe(obstacle=f"ended by {Signals(-status).name}")
    if status > 0:
        raise FmtoolError(
            f"batch_size=auto: trying {cfg.batch_size} ended with status {status}",
            fix=f"run with batch_size={cfg.batch_size} to see why",
        )
    answer: dict[str, Any] = json.loads(printed.splitlines()[-1])
    if "error" in answer:
        raise from_json(answer["error"], answer["exit_code"])
    return Probe(**answer)
