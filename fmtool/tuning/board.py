"""A folder with the event files of a study, for one page of TensorBoard on its trials alone.

It lies outside of the runs: `tensorboard --logdir runs` follows links and would show each trial
once more.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fmtool.errors import UsageError
from fmtool.runs.atomic import reporting
from fmtool.runs.layout import RunPaths


def link(trials: Sequence[Mapping[str, Any]], runs_dir: Path, folder: Path) -> int:
    """Makes a link to the event files of each trial, by its number; gives how many there are.

    Raises UsageError where the folder lies among the runs, CannotCreate for what is in the way.

    Args:
        trials: as `trial_table.documents` gives them.
    """
    if folder.resolve().is_relative_to(runs_dir.resolve()):
        raise UsageError(
            f"output={folder}: TensorBoard would show the trials twice among the runs",
            fix=f"name a folder outside of {runs_dir}",
        )
    done = 0
    for trial in trials:
        events = RunPaths(runs_dir / Path(trial["run"] or "-").name).tensorboard
        if not events.is_dir():
            continue
        place = folder / f"{trial['trial']:04d}"
        with reporting(place):
            folder.mkdir(parents=True, exist_ok=True)
            if place.is_symlink():
                place.unlink()
            place.symlink_to(os.path.relpath(events.resolve(), folder.resolve()))
        done += 1
    return done
