#!/usr/bin/env python
"""What checkpoints at the default interval cost: their share of the time between two of them.

    scripts/bench_checkpoint.py [data=cifar10] [epochs=50] [runtime.backend=jax] ...

Trains in this process; prints medians over all but the first epoch, which compiles.
"""

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from fmtool import validate
from fmtool.config.compose import compose
from fmtool.runs.checkpoints import CheckpointStore
from fmtool.training.workflow import Request, train

EPOCHS = 5


class Clock:
    """Wraps a method and knows when each call ended and how long it took, in seconds."""

    def __init__(self) -> None:
        self.ends: list[float] = []
        self.seconds: list[float] = []

    def around(self, method: Any) -> Any:
        def timed(*arguments: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return method(*arguments, **named)
            finally:
                self.ends.append(time.perf_counter())
                self.seconds.append(self.ends[-1] - began)

        return timed


def main(words: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        own = [f"runs_dir={folder}", "logging.plots=false"]
        defaults = ["data=digits", f"epochs={EPOCHS}"]
        cfg = validate.train_config(compose("train", [*defaults, *words, *own]))
        commits, marks = Clock(), Clock()
        CheckpointStore.commit = commits.around(CheckpointStore.commit)  # type: ignore[method-assign]
        CheckpointStore.mark_best = marks.around(CheckpointStore.mark_best)  # type: ignore[method-assign]
        run = train(cfg, Request()).run_directory
        size = sum(f.stat().st_size for f in (Path(run) / "checkpoints/").glob("step-*/*"))
        kept = len(list((Path(run) / "checkpoints").glob("step-*")))
    intervals = [
        after - before for before, after in zip(commits.ends, commits.ends[1:], strict=False)
    ]
    commit = statistics.median(commits.seconds[1:])
    mark = statistics.median(marks.seconds)
    interval = statistics.median(intervals)
    facts = {
        "command": " ".join(words),
        "backend": cfg.runtime.backend,
        "checkpoint_bytes": size // kept,
        "commit_ms": round(1000 * commit, 1),
        "mark_best_ms": round(1000 * mark, 1),
        "interval_s": round(interval, 3),
        "share_percent": round(100 * (commit + mark) / interval, 2),
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main(sys.argv[1:])
