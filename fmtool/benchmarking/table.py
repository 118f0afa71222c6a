"""The tables of `fmtool bench`."""

from collections.abc import Mapping
from typing import Any

from fmtool import terminal
from fmtool.elements import UNITS
from fmtool.notices import counted
from fmtool.terminal import Column, Group, RenderableType, Table

_PHASES = {
    "seconds_command": "Python, configuration",
    "seconds_data": "load the data",
    "seconds_import": "import Keras and the backend",
    "seconds_build": "build the model, data to the device",
    "seconds_first_dispatch": "compile, first steps",
    "seconds_until_first_dispatch": "from the command to the end of the first steps",
}


def tables(figures: Mapping[str, Any]) -> RenderableType:
    """`figures` as `workflow.bench` gives them."""
    heading = (
        f"{figures['model']} on {figures['data']}, batch size {figures['batch_size']}, "
        f"{figures['backend']} on {figures['device']}, {figures['precision']}, "
        f"{counted(figures['threads'], 'thread')}, "
        f"{counted(figures['steps_per_dispatch'], 'step')} per dispatch"
    )
    return Group(terminal.line(heading, "bold"), _speed(figures), _rest(figures))


def _speed(figures: Mapping[str, Any]) -> Table:
    table = _table("", "steps/s", f"{UNITS[figures['kind']]}/s")
    named = {
        "fmtool": ("steps_per_second", "samples_per_second"),
        "bare loop": ("bare_steps_per_second", "bare_samples_per_second"),
    }
    for name, keys in named.items():
        table.add_row(name, *(f"{figures[key]:,.1f}" for key in keys))
    with_checkpoints = f"{figures['samples_per_second_with_checkpoints']:,.1f}"
    table.add_row("fmtool with a checkpoint each epoch", "", with_checkpoints)
    low, high = figures["fmtool_over_bare_min"], figures["fmtool_over_bare_max"]
    spread = f"{low:.2f} to {high:.2f}"
    table.add_row("fmtool over bare", f"{figures['fmtool_over_bare']:.2f}", spread)
    return table


def _rest(figures: Mapping[str, Any]) -> Table:
    table = _table("", "", "")
    table.add_row("computes", f"{figures['gflops_per_second']:,.1f}", "GFLOP/s")
    if figures["share_of_peak"] is not None:
        share = f"{figures['share_of_peak']:.1%}"
        peak = f"of the {figures['peak_gflops_per_second']:,.0f} GFLOP/s measured here"
        table.add_row("share of the peak", share, peak)
    load = f"{figures['load_average']:.1f}"
    table.add_row("load of the machine", load, "processes, over the last minute")
    table.add_row("peak memory", f"{figures['peak_memory_bytes'] / 1e6:,.0f}", "MB")
    for key, meaning in _PHASES.items():
        table.add_row(meaning, f"{figures[key]:.2f}", "s")
    return table


def _table(*headings: str) -> Table:
    columns = (Column(heading, is_number=bool(heading)) for heading in headings)
    return terminal.table(*columns, has_header=any(headings))
