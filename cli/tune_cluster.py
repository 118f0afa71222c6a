"""`fmtool tune ... tune/cluster=slurm` and `=ray`: workers elsewhere, and none in this process."""

import time
from typing import TYPE_CHECKING, Any

from fmtool.errors import ExitCode

from . import output
from .flags import Flags

if TYPE_CHECKING:
    from fmtool.jobs.process import TrainingCommand
    from fmtool.signals import SignalGuard
    from fmtool.tuning.config import TuneConfig
    from fmtool.tuning.store import Store
    from fmtool.tuning.workflow import Place

_LOOK_SECONDS = 2.0


def submit(
    cfg: "TuneConfig", store: "Store", place: "Place", command: "TrainingCommand", flags: Flags
) -> int:
    """Returns at once; what the study comes to is seen by `fmtool tune status`."""
    from fmtool.privacy import without_password
    from fmtool.tuning import cluster
    from fmtool.tuning.cluster import slurm
    from fmtool.tuning.config import SlurmCluster

    assert isinstance(cfg.tune.cluster, SlurmCluster)
    name = store.definition.name
    worker = cluster.worker_command(cfg, name, command)
    folder = place.paths.cluster
    jobs = slurm.submit(cfg.tune.cluster, worker, folder, name=f"fmtool-{name}")
    status = f"fmtool tune status study={name}"
    document = {
        "study": name,
        "storage": without_password(place.url),
        "status": "submitted",
        "exit_code": int(ExitCode.SUCCESS),
        "jobs": jobs,
        "logs": str(folder),
    }
    if flags.as_json:
        output.print_json(document)
    else:
        output.print_line(f"submitted: {', '.join(jobs)}; see {status}")
    return ExitCode.SUCCESS


def work_on_ray(
    cfg: "TuneConfig", store: "Store", command: "TrainingCommand", signals: "SignalGuard"
) -> None:
    """Raises what `ray.work` raises."""
    from fmtool.tuning import cluster
    from fmtool.tuning.cluster import ray
    from fmtool.tuning.config import RayCluster

    assert isinstance(cfg.tune.cluster, RayCluster)
    worker = cluster.worker_command(cfg, store.definition.name, command)
    ray.work(cfg.tune.cluster, worker, signals=signals, look=_Progress(store))


class _Progress:
    """Tells of trials as they end, wherever that is."""

    def __init__(self, store: Any) -> None:
        self._store, self._looked, self._told = store, 0.0, 0

    def __call__(self) -> None:
        from fmtool.notices import note
        from fmtool.tuning import attempts

        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        most = self._store.settings.budget.trials
        ended = sum(not each.is_open for each in attempts.by_trial(self._store.trials())[:most])
        if ended != self._told:
            self._told = ended
            note(f"{ended} of {most} trials have ended")
