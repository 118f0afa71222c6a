"""The course of a training on a terminal: bars and figures redrawn in place, epochs kept above."""

import time

from rich.live import Live
from rich.progress_bar import ProgressBar

from fmtool import terminal
from fmtool.logging.epoch_rows import EpochRows
from fmtool.logging.plain_lines import figures, start_parts
from fmtool.logging.progress import Clock, Progress
from fmtool.logging.sink import Row, TrainingInfo
from fmtool.metric import show
from fmtool.terminal import Console, Group, RenderableType, Table

_SECONDS_BETWEEN_REFRESHES = 0.2
_REPORTING_REFRESHES_PER_SECOND = 2


class LiveDisplay:
    """Redraws from the calling thread, at most five times a second; other steps are free.

    `close` gives the terminal back as it was: cursor shown, bars gone, epoch lines left.
    """

    shows_progress = True

    def __init__(self, console: Console, clock: Clock = time.monotonic) -> None:
        self._clock, self._console = clock, console
        self._refreshed = float("-inf")
        self._rows: EpochRows | None = None
        # stdout carries the result of the command, so it is not drawn into the display.
        self._live = Live(
            console=console, auto_refresh=False, transient=True, redirect_stdout=False
        )

    def start(self, plan: TrainingInfo) -> None:
        self._course, self._rows = Progress(plan, self._clock), None
        first, *others = start_parts(plan)
        self._console.print(terminal.line(first, "bold"))
        for part in others:
            self._console.print(terminal.line(f"  {part}"))
        self._live.start()
        self._live.update(terminal.line("preparing the first step", "dim"), refresh=True)

    def step(self, row: Row) -> None:
        self._course.take_step(row)
        now = self._clock()
        if now - self._refreshed >= _SECONDS_BETWEEN_REFRESHES:
            self._refreshed = now
            self._live.update(_picture(row, self._course, self._console.width), refresh=True)

    def epoch(self, row: Row) -> None:
        seconds, is_best = self._course.take_epoch(row)
        if self._rows is None:
            self._rows = EpochRows(self._course.plan, row, self._console.width)
            self._console.print(terminal.line(self._rows.heading, "bold"))
        line = self._rows.row(row, seconds, is_best=is_best)
        self._console.print(terminal.line(line, "green" if is_best else ""))
        self._live.update(_picture(row, self._course, self._console.width), refresh=True)

    def reporting(self) -> None:
        """Shows the time that goes by; a thread redraws it, since this one is busy."""
        self._live.stop()
        self._live = Live(
            console=self._console,
            get_renderable=self._waiting,
            refresh_per_second=_REPORTING_REFRESHES_PER_SECOND,
            transient=True,
            redirect_stdout=False,
        )
        self._live.start(refresh=True)

    def _waiting(self) -> RenderableType:
        elapsed = _duration(self._course.seconds_so_far())
        return terminal.line(f"making the report  {elapsed} elapsed", "dim")

    def close(self) -> None:
        self._live.stop()


def _picture(row: Row, course: Progress, room: int) -> RenderableType:
    plan = course.plan
    step_in_epoch = row["step"] - (row["epoch"] - 1) * plan.steps_per_epoch
    bars = Table.grid(padding=(0, 2), expand=True)
    bars.add_column(no_wrap=True)
    bars.add_column(ratio=1)
    bars.add_column(justify="right", no_wrap=True)
    bars.add_row(
        "training",
        ProgressBar(total=plan.epochs * plan.steps_per_epoch, completed=row["step"]),
        f"epoch {row['epoch']}/{plan.epochs}",
    )
    bars.add_row(
        "epoch",
        ProgressBar(total=plan.steps_per_epoch, completed=step_in_epoch),
        f"step {step_in_epoch}/{plan.steps_per_epoch}",
    )
    return Group(
        bars,
        terminal.line(_in_one_line(figures(row, plan.kind), room)),
        terminal.line(_in_one_line(_times_and_best(row, course), room), "dim"),
    )


def _in_one_line(parts: list[str], room: int) -> str:
    """The first of the parts, as many as there is room for."""
    return next(
        text
        for count in range(len(parts), 0, -1)
        if len(text := "  ".join(parts[:count])) <= room or count == 1
    )


def _times_and_best(row: Row, course: Progress) -> list[str]:
    parts = [f"{_duration(course.seconds_so_far())} elapsed"]
    left = course.seconds_left(row)
    if left is not None:
        parts.append(f"{_duration(left)} left")
    if course.best is not None:
        name = course.plan.monitor.name
        parts.append(f"best {name} {show(course.best)} in epoch {course.best_epoch}")
    return parts


def _duration(seconds: float) -> str:
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}"
