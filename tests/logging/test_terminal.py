"""What a person sees of a training: plain lines, or a display that redraws."""

import io
import math
import re
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from rich.console import Console

from fmtool.logging.epoch_rows import EpochRows
from fmtool.logging.live_display import LiveDisplay
from fmtool.logging.plain_lines import PlainLines
from fmtool.logging.progress import Progress
from fmtool.logging.terminal import terminal_sink
from fmtool.metric import Metric

METRICS = {"loss": 0.84123, "accuracy": 0.70514, "val_loss": 0.90211, "val_accuracy": 0.6914}
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen():
    return io.StringIO()


@pytest.fixture
def live(screen, clock):
    console = Console(
        file=screen, force_terminal=True, width=80, color_system="truecolor", _environ={}
    )
    return LiveDisplay(console, clock)


def without_escapes(text):
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def test_the_first_line_says_what_is_trained_where(plan, screen):
    PlainLines(screen).start(plan)
    assert screen.getvalue() == (
        "train cnn on cifar10  122570 parameters  6400 training + 1000 validation samples"
        "  tensorflow on cpu, float32  10 epochs of 100 steps, batch size 64\n"
    )


def test_an_epoch_is_one_line(plan, screen, clock, epoch_row):
    lines = PlainLines(screen, clock)
    lines.start(plan)
    clock.now += 8.24
    lines.epoch(epoch_row(3, **METRICS))
    assert screen.getvalue().splitlines()[1] == (
        "epoch 3/10  loss 0.8412  accuracy 0.7051  val_loss 0.9021  val_accuracy 0.6914"
        "  lr 1.0e-03  6421 images/s  8.2 s  best"
    )


@pytest.mark.parametrize(("kind", "rate"), [("text", "6421 texts/s"), ("features", "6421 rows/s")])
def test_the_rate_is_of_what_the_samples_are(plan, screen, epoch_row, kind, rate):
    lines = PlainLines(screen)
    lines.start(replace(plan, kind=kind))
    lines.epoch(epoch_row(1))
    assert rate in screen.getvalue()


def test_steps_print_no_lines(plan, screen, step_row):
    lines = PlainLines(screen)
    lines.start(plan)
    lines.step(step_row(1))
    assert len(screen.getvalue().splitlines()) == 1


def test_metrics_of_any_name_and_size_are_shown(plan, screen, epoch_row):
    lines = PlainLines(screen)
    lines.start(plan)
    lines.epoch(epoch_row(1, perplexity=123456.0, mean_absolute_error=0.00001234, loss=math.nan))
    line = screen.getvalue().splitlines()[1]
    assert "perplexity 1.235e+05  mean_absolute_error 1.234e-05  loss nan" in line


def test_a_name_from_outside_cannot_forge_a_line(plan, screen, epoch_row):
    lines = PlainLines(screen)
    lines.start(plan)
    lines.epoch(epoch_row(1, **{"x\nepoch 9/10": 1.0}))
    assert len(screen.getvalue().splitlines()) == 2


def test_best_is_said_of_improvements_only(plan, screen, epoch_row):
    lines = PlainLines(screen)
    lines.start(plan)
    for epoch, value in enumerate([math.nan, 0.5, 0.5, 0.6, 0.4], start=1):
        lines.epoch(epoch_row(epoch, val_loss=value))
    is_best = [line.endswith("  best") for line in screen.getvalue().splitlines()[1:]]
    assert is_best == [False, True, False, False, True]


def test_a_monitor_to_maximise_is_best_when_it_grows(plan, clock, epoch_row):
    course = Progress(replace(plan, monitor=Metric("val_accuracy", "max")), clock)
    for epoch, value in enumerate([0.5, 0.7, 0.6], start=1):
        course.take_epoch(epoch_row(epoch, val_accuracy=value))
    assert (course.best, course.best_epoch) == (0.7, 2)


def test_the_time_left_counts_from_the_first_row_even_after_a_resume(plan, clock, step_row):
    course = Progress(plan, clock)
    clock.now += 60  # compilation
    course.take_step(step_row(500))
    assert course.seconds_left(step_row(500)) is None
    clock.now += 5
    assert course.seconds_left(step_row(550)) == pytest.approx(450 * 0.1)


def test_the_display_shows_progress_figures_time_left_and_best(
    live, plan, screen, clock, step_row, epoch_row
):
    live.start(plan)
    live.step(step_row(1, loss=2.0))
    clock.now += 10
    live.epoch(epoch_row(1, **METRICS))
    clock.now += 3662
    live.step(step_row(125, loss=0.7511, accuracy=0.7512))
    last_picture = without_escapes(screen.getvalue()).split("10.0 s  best")[-1]
    for part in (
        "epoch 2/10",
        "step 25/100",
        "loss 0.7511  accuracy 0.7512  lr 1.0e-03  6421 images/s",
        "1:01:12 elapsed",
        "best val_loss 0.9021 in epoch 1",
    ):
        assert part in last_picture
    assert re.search(r"\d+:\d\d:\d\d left", last_picture)


def test_the_line_of_an_epoch_stays_when_the_display_is_gone(live, plan, screen, epoch_row):
    live.start(plan)
    live.epoch(epoch_row(1, **METRICS))
    live.close()
    # The four lines of the display are erased from the bottom up, and nothing is drawn after.
    assert screen.getvalue().endswith("\x1b[1A\x1b[2K" * 4)
    heading = "epoch    loss  accuracy  val_loss  val_accuracy       lr  images/s    time"
    row = " 1/10  0.8412    0.7051    0.9021        0.6914  1.0e-03      6421   0.0 s  best"
    assert heading in without_escapes(screen.getvalue())
    assert row in without_escapes(screen.getvalue())
    assert len(row) == 80


def test_rows_of_epochs_stay_aligned_and_leave_columns_out(plan, epoch_row):
    plan = replace(plan, epochs=1000)
    first = epoch_row(1, **METRICS, mean_absolute_error=0.5)
    rows = EpochRows(plan, first, 80)
    assert rows.heading.split() == [
        "epoch", "loss", "accuracy", "val_loss", "val_accuracy", "time"
    ]  # fmt: skip
    late = epoch_row(1000, **METRICS | {"loss": 0.00001234, "val_accuracy": -123456.0}, other=1.0)
    shown = rows.row(late, 12.3, is_best=False)
    assert len(shown) == len(rows.heading) <= 80
    assert shown.split() == ["1000/1000", "1e-05", "0.7051", "0.9021", "-1.235e+05", "12.3", "s"]
    large = epoch_row(1, **METRICS | {"loss": 105.6789, "val_loss": -12345.6})
    assert rows.row(large, 120.3, is_best=True).split() == [
        "1/1000", "105.68", "0.7051", "-12345.6", "0.6914", "120", "s", "best"
    ]  # fmt: skip
    assert EpochRows(plan, first, 55).heading.split() == [
        "epoch", "loss", "val_loss", "val_accuracy", "time"
    ]  # fmt: skip
    assert EpochRows(plan, first, 10).heading.split() == ["epoch", "loss", "val_loss", "time"]


def test_each_line_before_the_first_step_fits(live, plan, screen):
    live.start(replace(plan, train_size=6401))
    lines = without_escapes(screen.getvalue()).splitlines()
    assert lines[:3] == [
        "train cnn on cifar10  122570 parameters",
        "  6401 training + 1000 validation samples  tensorflow on cpu, float32",
        "  10 epochs of 100 steps, batch size 64, 1 sample left out of each epoch",
    ]


def test_the_clock_goes_on_while_the_report_is_made(live, plan, screen, clock, epoch_row):
    live.start(plan)
    live.epoch(epoch_row(1, **METRICS))
    clock.now += 10
    live.reporting()
    clock.now += 3
    deadline = time.monotonic() + 20
    while "0:00:13 elapsed" not in screen.getvalue() and time.monotonic() < deadline:
        time.sleep(0.02)
    live.close()
    shown = without_escapes(screen.getvalue())
    assert "making the report  0:00:10 elapsed" in shown
    assert "making the report  0:00:13 elapsed" in shown
    assert screen.getvalue().endswith("\x1b[1A\x1b[2K")
    assert screen.getvalue().rindex(SHOW_CURSOR) > screen.getvalue().rindex(HIDE_CURSOR)


def test_the_cursor_comes_back_even_after_an_exception(live, plan, screen, step_row):
    def train():
        try:
            live.start(plan)
            live.step(step_row(1))
            raise RuntimeError
        finally:
            live.close()

    with pytest.raises(RuntimeError):
        train()
    assert screen.getvalue().rindex(SHOW_CURSOR) > screen.getvalue().rindex(HIDE_CURSOR)


def test_closing_before_the_start_does_nothing(live, screen):
    live.close()
    assert screen.getvalue() == ""


def test_steps_within_a_fifth_of_a_second_are_drawn_once(live, plan, screen, clock, step_row):
    live.start(plan)
    live.step(step_row(1))
    drawn = screen.tell()
    for step in range(2, 50):
        live.step(step_row(step))
    assert screen.tell() == drawn
    clock.now += 0.2
    live.step(step_row(50))
    assert "step 50/100" in without_escapes(screen.getvalue()[drawn:])


def test_no_color_takes_the_colours_but_not_the_bars(monkeypatch, plan, step_row, epoch_row):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    screen = Terminal()
    sink = terminal_sink(screen)
    sink.start(plan)
    sink.step(step_row(1))
    sink.epoch(epoch_row(1, **METRICS))
    sink.close()
    assert isinstance(sink, LiveDisplay)
    assert not re.search(r"\x1b\[[0-9;]*(3[0-7]|38;|9[0-7])[0-9;]*m", screen.getvalue())


def test_a_pipe_gets_plain_lines(screen):
    assert isinstance(terminal_sink(screen), PlainLines)


def test_a_terminal_that_cannot_redraw_gets_plain_lines(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(terminal_sink(Terminal()), PlainLines)


def test_importing_the_sinks_imports_nothing_heavy():
    script = (
        "import sys, fmtool.logging.terminal, fmtool.logging.tensorboard, "
        "fmtool.logging.metrics_log\n"
        "print(*{'rich', 'tensorboardX', 'matplotlib', 'keras', 'tensorflow'} & set(sys.modules))"
    )
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert finished.stdout == "\n"
