"""Shows how a sweep goes: a table of all jobs on a terminal, a line for each start and end else."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from rich.live import Live

from fmtool import terminal
from fmtool.metric import show
from fmtool.notices import note
from fmtool.runs.layout import RunPaths
from fmtool.sweeping.jobs import Job
from fmtool.sweeping.metrics_tail import last_epoch
from fmtool.sweeping.queue import Running, View

_SECONDS_BETWEEN_REFRESHES = 0.5
_LINES_AROUND = 6
"""Lines of the table that are no jobs: its head, its foot and the prompt before it."""


def view_for(stream: TextIO, jobs: Sequence[Job], *, total: int) -> View:
    """NO_COLOR takes the colours away; TERM=dumb and everything but a terminal gets lines.

    Args:
        jobs: those that are shown.
        total: of the whole sweep.
    """
    if stream.isatty():
        console = terminal.console(stream)
        if not console.is_dumb_terminal:
            return Board(console, jobs)
    return Lines(total)


_COLUMNS = (
    terminal.Column("job"),
    terminal.Column("overrides"),
    terminal.Column("state", is_whole=True),
    terminal.Column("epoch", leave_out=1),
    terminal.Column("value", is_whole=True, leave_out=2),
    terminal.Column("seconds", leave_out=3),
)


class Lines:
    """For logs: what starts and what has ended."""

    def __init__(self, total: int) -> None:
        self._total = total

    def skip(self, job: Job, result: Mapping[str, Any]) -> None:
        note(f"{self._name(job)}  {_failed(result)} before, not done again; see sweep.retry")

    def start(self, job: Job, attempt: int) -> None:
        again = f"  attempt {attempt}" if attempt > 1 else ""
        note(f"{self._name(job)}  {' '.join(job.varied) or '(no variation)'}{again}")

    def end(self, job: Job, result: Mapping[str, Any], *, is_again: bool) -> None:
        again = "  will be tried again" if is_again else ""
        note("  ".join([self._name(job), *_outcome(result)]) + again)

    def refresh(self, running: Sequence[Running]) -> None:
        pass

    def close(self) -> None:
        pass

    def _name(self, job: Job) -> str:
        return f"job {job.number}/{self._total}"


def _outcome(result: Mapping[str, Any]) -> list[str]:
    best, error = result.get("best") or {}, result.get("error") or {}
    parts = [result["status"] if not result["exit_code"] else _failed(result)]
    if best.get("value") is not None:
        parts.append(f"{best['monitor']} {show(best['value'])}")
    if "seconds" in result:
        parts.append(f"{result['seconds']:.1f} s")
    if result["exit_code"]:
        parts.append(str(error.get("message", "")).partition("; fix: ")[0])
    return [part for part in parts if part]


def _failed(result: Mapping[str, Any]) -> str:
    return f"{result['status']} ({result['exit_code']})"


class Board:
    """Redraws the table in place; it stays as it was last when the sweep has ended."""

    def __init__(self, console: terminal.Console, jobs: Sequence[Job]) -> None:
        self._jobs = [job for job in jobs if job.same_as is None]
        self._states: dict[int, list[str]] = {job.number: [] for job in self._jobs}
        self._ended: list[int] = []
        self._refreshed = float("-inf")
        # stdout carries the result of the command, so it is not drawn into the display.
        self._live = Live(
            console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
        )

    def skip(self, job: Job, result: Mapping[str, Any]) -> None:
        self._end(job, [f"{_failed(result)} before", *_figures(result)])

    def start(self, job: Job, attempt: int) -> None:
        self._states[job.number] = ["starts" if attempt == 1 else f"attempt {attempt}"]

    def end(self, job: Job, result: Mapping[str, Any], *, is_again: bool) -> None:
        state = result["status"] if not result["exit_code"] else _failed(result)
        self._end(job, ["again" if is_again else state, *_figures(result)])

    def _end(self, job: Job, cells: list[str]) -> None:
        self._states[job.number] = cells
        self._ended.append(job.number)
        self._refreshed = float("-inf")

    def refresh(self, running: Sequence[Running]) -> None:
        now = time.monotonic()
        if now - self._refreshed < _SECONDS_BETWEEN_REFRESHES:
            return
        self._refreshed = now
        for each in running:
            self._states[each.job.number] = progress(each)
        self._live.start()  # not before: what is said as the sweep begins stays above
        self._live.update(self._picture([each.job.number for each in running]), refresh=True)

    def close(self) -> None:
        if self._live.is_started:
            self._live.update(self._picture([]), refresh=True)
            self._live.stop()

    def _picture(self, running: Sequence[int]) -> terminal.Table:
        waiting = sum(not cells for cells in self._states.values())
        ended = len(self._jobs) - len(running) - waiting
        table = terminal.table(
            *_COLUMNS,
            caption=f"{len(running)} running, {ended} ended, {waiting} waiting",
        )
        shown = self._shown(running)
        for job in self._jobs:
            if job.number in shown:
                cells = (str(job.number), " ".join(job.varied), *self._states[job.number])
                style = "bold" if job.number in running else ""
                table.add_row(*cells, style=style)
        return table

    def _shown(self, running: Sequence[int]) -> set[int]:
        """As many as there is room for: what runs, what has just ended, what comes next."""
        room = max(1, self._live.console.height - _LINES_AROUND)
        waiting = [job.number for job in self._jobs if not self._states[job.number]]
        order = dict.fromkeys([*running, *waiting[:1], *reversed(self._ended), *waiting])
        return set(list(order)[:room])


def _figures(result: Mapping[str, Any]) -> list[str]:
    best = result.get("best") or {}
    value = best.get("value")
    return [
        str(result.get("epochs", "")),
        "" if value is None else f"{best['monitor']} {show(value)}",
        f"{result['seconds']:.1f}" if "seconds" in result else "",
    ]


def progress(running: Running) -> list[str]:
    """State, epochs, the monitored metric and seconds of a training at work."""
    cfg, directory = running.job.cfg, running.process.run_directory
    row = None if directory is None else last_epoch(RunPaths(directory).metrics)
    seconds = f"{running.seconds:.0f}"
    if row is None:
        return ["starts" if directory is None else "running", f"0/{cfg.epochs}", "", seconds]
    name = ("val_loss" if "val_loss" in row else "loss") if cfg.monitor == "auto" else cfg.monitor
    value = row.get(name)
    figure = f"{name} {show(value)}" if isinstance(value, int | float) else ""
    return ["running", f"{row['epoch']}/{cfg.epochs}", figure, seconds]
