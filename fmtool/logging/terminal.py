"""The sink for people: a live display where the stream can redraw, plain lines elsewhere."""

from typing import TextIO

from fmtool.logging.plain_lines import PlainLines
from fmtool.logging.sink import TerminalSink


def terminal_sink(stream: TextIO) -> TerminalSink:
    """NO_COLOR takes the colours away; TERM=dumb and everything but a terminal gets lines."""
    if not stream.isatty():
        return PlainLines(stream)
    from fmtool.logging.live_display import LiveDisplay
    from fmtool.terminal import console as console_on

    console = console_on(stream)
    return PlainLines(stream) if console.is_dumb_terminal else LiveDisplay(console)
