"""`fmtool tune worker`: joins a study, from any machine that reaches its storage."""

import gc

from fmtool.errors import UsageError

from .flags import Flags
from .tune_study import read


def main(_: str, argv: list[str], flags: Flags) -> int:
    request = read(argv, flags, keys=("tune",))
    if request.cfg.study is None or request.cfg.storage is None:
        raise UsageError(
            "worker: which study, and where?",
            fix="write fmtool tune worker study=NAME storage=URL, as the command that began it "
            "says",
        )
    gc.enable()

    from fmtool.jobs.process import TrainingCommand
    from fmtool.signals import SignalGuard

    from .tune import run_study

    command = TrainingCommand("train", request.folders, tuple(flags.plugins))
    with SignalGuard() as signals:
        return run_study(request.cfg, request.place, request.cfg.study, command, flags, signals)
