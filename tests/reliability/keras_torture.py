"""Keras' own BackupAndRestore under kills, one for each training."""

import random
import shutil
import signal
from collections import Counter
from pathlib import Path

import numpy as np
from children import Child, Zygote
from ending import digest_of

STYLES = ("epoch", "steps", "plain")
"""Backups at epochs' ends, the default; every 7 steps; at epochs' ends without randomness."""

EQUAL, DIFFERENT = "equal", "other weights"
CRASHED, STARTED_ANEW = "could not go on", "started anew"

_FINAL = "final.npz"


def torture(
    zygote: Zygote, folder: Path, style: str, *, kills: int, between_steps: bool, seed: int = 0
) -> Counter[str]:
    """How often a training that was killed once, and started again, ended in which way.

    Kills come when there is a backup already, and before the last step.

    Args:
        between_steps: kill only there, so that no backup is torn; else up to 30 ms later.
    """
    reference = zygote.run(folder / "uninterrupted", style, _FINAL, program="keras")
    assert reference.code == 0, reference.err
    expected = _final(folder / "uninterrupted")
    moments = random.Random(seed)
    endings: Counter[str] = Counter()
    while endings.total() < kills:
        place = folder / str(endings.total())
        killed = zygote.run(
            place,
            style,
            _FINAL,
            program="keras",
            send=signal.SIGKILL,
            at_step=moments.randint(reference.step // 8, reference.step * 9 // 10),
            delay=0 if between_steps else moments.uniform(0, 0.03),
            holds=between_steps,
        )
        if killed.code == -signal.SIGKILL:
            resumed = zygote.run(place, style, _FINAL, program="keras")
            endings[_kind(resumed, expected, place)] += 1
        shutil.rmtree(place)
    return endings


def _kind(resumed: Child, expected: str, place: Path) -> str:
    if resumed.code != 0:
        error, _, _ = resumed.err.strip().splitlines()[-1].partition(":")
        return f"{CRASHED}: {error}"
    if resumed.first == 1:
        return STARTED_ANEW
    return EQUAL if _final(place) == expected else DIFFERENT


def _final(folder: Path) -> str:
    return digest_of(np.load(folder / _FINAL))
