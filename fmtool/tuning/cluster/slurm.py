"""Workers as an array of SLURM jobs, by submitit.

Who submits them need not wait: the study is in its storage, and each job works until nothing is
left of it or its time is over. A moment before that it gets SIGTERM and gives its trials back. A
job that SLURM starts anew, after the loss of a node or a preemption, joins again.
"""

import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fmtool.errors import Unavailable, UsageError
from fmtool.tuning.cluster import ENDED_WELL, last_line
from fmtool.tuning.config import SlurmCluster

_TO_END_SECONDS = 60
"""At the end of a job, or a quarter of a short one."""


def submit(cfg: SlurmCluster, command: Sequence[str], folder: Path, *, name: str) -> list[str]:
    """The ids of the jobs, which wait or run now.

    Args:
        folder: for what the jobs say, on a disk that all machines see.

    Raises UsageError where there is no SLURM, and Unavailable where it takes no such jobs.
    """
    import submitit
    from submitit.core.utils import FailedJobError, FailedSubmissionError

    try:
        executor = submitit.AutoExecutor(folder=folder.absolute(), cluster="slurm")
    except RuntimeError as error:
        raise UsageError(
            "there is no SLURM here: srun is not on PATH",
            fix="type the command where jobs are submitted",
        ) from error
    executor.update_parameters(**_parameters(cfg, name))
    try:
        jobs = executor.map_array(work, [list(command)] * cfg.workers)
    except (FailedJobError, FailedSubmissionError) as error:
        raise Unavailable(
            f"SLURM takes no such jobs: {last_line(str(error))}", fix="see tune.cluster and sinfo"
        ) from error
    return [job.job_id for job in jobs]


def _parameters(cfg: SlurmCluster, name: str) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "name": name,
        "timeout_min": cfg.minutes,
        "cpus_per_task": cfg.cpus,
        "stderr_to_stdout": True,
        "slurm_array_parallelism": cfg.workers,
        # In the place of submitit's SIGUSR2, which would end a worker as it stands.
        "slurm_additional_parameters": {"signal": f"TERM@{min(_TO_END_SECONDS, 15 * cfg.minutes)}"},
    }
    if cfg.gpus:
        parameters["gpus_per_node"] = cfg.gpus
    if cfg.memory_gb is not None:
        parameters["mem_gb"] = cfg.memory_gb
    if cfg.partition is not None:
        parameters["slurm_partition"] = cfg.partition
    return parameters


def work(command: Sequence[str]) -> int:
    """In a job: a worker in a process of its own, since submitit's ignores SIGTERM.

    SLURM sends it to all processes of a job, so nobody passes it on.
    """
    code = subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode
    if code not in (*ENDED_WELL, -signal.SIGTERM):
        raise RuntimeError(f"the worker ended with {code}")
    return code
