"""What the tests of exported files have in common: a refusal in words, and Protocol Buffers."""

import pytest

from fmtool.errors import Refused
from fmtool.safety import exported_file


def refusal(kind, path):
    """What the check of a file says, its name aside; fails where it is not refused."""
    with pytest.raises(Refused) as raised:
        exported_file.check(kind, path)
    return raised.value.message.partition(": ")[2]


def varint(number):
    rest, byte = number >> 7, number & 0x7F
    return bytes([byte]) if not rest else bytes([byte | 0x80]) + varint(rest)


def field(number, content):
    """A field of Protocol Buffers that has a length."""
    content = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(content)) + content
