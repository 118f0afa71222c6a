"""Takes Protocol Buffers apart without the library, and without a schema.

https://protobuf.dev/programming-guides/encoding/: a message is fields one behind the other, each
with its number, how it is encoded, and the bytes.
"""

from collections.abc import Iterator

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_MAX_VARINT_BYTES = 10


class Malformed(ValueError):
    """The bytes are no message."""


def fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Number and value of each field: an integer, or the bytes of what has a length.

    Numbers of 4 and 8 bytes are given as bytes. Raises Malformed, also for the groups that no
    format in use has.
    """
    place, end = 0, len(message)
    while place < end:
        key, place = _varint(message, place)
        number, encoding = key >> 3, key & 7
        if encoding == _VARINT:
            value, place = _varint(message, place)
            yield number, value
            continue
        if encoding == _LENGTH:
            length, place = _varint(message, place)
        elif encoding in (_FIXED64, _FIXED32):
            length = 8 if encoding == _FIXED64 else 4
        else:
            raise Malformed(f"a field of encoding {encoding}")
        if length > end - place:
            raise Malformed("a field that ends behind the end")
        yield number, message[place : place + length]
        place += length


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    """The number at `place`, and where the next begins."""
    value = 0
    for count in range(_MAX_VARINT_BYTES):
        if place + count >= len(message):
            break
        byte = message[place + count]
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value, place + count + 1
    raise Malformed("a number without end")


def text(value: int | memoryview) -> str:
    """A string field; Malformed for what is none."""
    if isinstance(value, int):
        raise Malformed("a number, where a string is expected")
    try:
        return bytes(value).decode()
    except UnicodeDecodeError as error:
        raise Malformed("a string that is no text") from error


def message(value: int | memoryview) -> memoryview:
    """A field that holds a message; Malformed for what is none."""
    if isinstance(value, int):
        raise Malformed("a number, where a message is expected")
    return value
