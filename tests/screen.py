"""A terminal of 80 columns: the screen of a command, and that as text which stays the same."""

import fcntl
import os
import pty
import re
import struct
import termios
import threading

COLUMNS, LINES = 80, 50
_CONTROL = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|([^\x1b])", re.DOTALL)


def shown_by(command, *words):
    """The exit code, and the lines as they stand at the end; stderr is on the same terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    # As a terminal of its own it would end lines by two characters.
    settings = termios.tcgetattr(theirs)
    settings[1] &= ~termios.OPOST
    termios.tcsetattr(theirs, termios.TCSANOW, settings)
    process = command.start(*words, stdout=theirs, stderr=theirs, TERM="xterm")
    os.close(theirs)
    read = []
    reader = threading.Thread(target=_read, args=(ours, read), daemon=True)
    reader.start()
    code = process.wait(timeout=300)
    reader.join(timeout=60)
    os.close(ours)
    return code, drawn(b"".join(read).decode())


def _read(descriptor, into):
    try:
        while data := os.read(descriptor, 1 << 16):
            into.append(data)
    except OSError:  # the other end is closed
        pass


def drawn(text):
    """The lines that a terminal shows after such a text: it redraws upwards, and wraps."""
    lines, row, column = [[]], 0, 0
    for numbers, control, character in _CONTROL.findall(text):
        if control == "A":
            row = max(0, row - int(numbers or 1))
        elif control == "K" and numbers == "2":
            lines[row] = []
        elif character == "\r":
            column = 0
        elif character and (character == "\n" or column >= COLUMNS):
            row, column = row + 1, 0
            lines += [[]] * 0 if row < len(lines) else [[]]
        if character and character not in "\r\n":
            lines[row] += " " * (column + 1 - len(lines[row]))
            lines[row][column] = character
            column += 1
    return ["".join(line) for line in lines]


def _figure(found):
    """As wide as it was, where something stands behind it."""
    return "#.####".ljust(len(found[0])) if found[1] and not found[2] else "#.####"


_MASKS = (
    (r"\d{4}-\d\d-\d\d_\d{6}(_\w+)?_[0-9a-f]{6}\b", r"2026-01-01_000000\1_abcdef"),
    (r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", "2026-01-01T00:00:00+00:00"),
    (r"\b\d:\d\d:\d\d\b", "0:00:00"),
    (r" {5}\u2013", "#.####"),
    (r"(?<![\w:./])\d+\.\d{4,}( *)($)?", _figure),
    (r" *\b\d+\.\d s\b", " #.# s"),
    (r" +\d+(?= +#\.# s)", " ##"),
    (r"\b\d+ images/s", "## images/s"),
    (r"\d+\.\d+ MB", lambda size: re.sub(r"\d", "#", size[0])),
    (r"bfloat16|float32", "float32"),
    (r"(threads +)\d+", r"\1#"),
    (r"(seconds +)[\d.]+( +[\d.]+)?", r"\1#"),
    (r"(?<= )\d+\.\d$", "#.#"),
    (r"about \d+ s", "about # s"),
    (r"  +\d+ s\b", "  # s"),
)
"""Figures and times that another machine or another second gives otherwise."""


def masked(lines):
    """The screen as it is kept: without blanks at the ends, what differs each time in signs."""
    text = "\n".join(line.rstrip() for line in lines).rstrip("\n") + "\n"
    for pattern, instead in _MASKS:
        text = re.sub(pattern, instead, text, flags=re.MULTILINE)
    return text
