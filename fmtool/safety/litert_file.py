"""The gate that every LiteRT file passes before the interpreter opens it.

A FlatBuffer, see https://flatbuffers.dev/internals/. Its list of operations says which are custom:
those are whatever a library has registered by that name, all of TensorFlow among them (`Flex...`).
"""

import struct

from fmtool.errors import Refused

_IDENTIFIER = b"TFL3"
_OPERATORS = 1
_OLD_CODE, _CUSTOM_CODE, _CODE = 0, 1, 3
_CUSTOM, _DELEGATE = 32, 51
"""Codes of BuiltinOperator in the schema of LiteRT, which has two fields for such a code."""
_MAX_OPERATORS = 10_000
_FIX = "delete the file unless you trust who made it"


def check(content: memoryview, *, origin: str) -> None:
    """Raises Refused for operations that are not built in; ValueError for no LiteRT file."""
    try:
        if bytes(content[4:8]) != _IDENTIFIER:
            raise ValueError("it does not begin as LiteRT files do")
        _check_operators(_Table(content, _unsigned(content, 0)), origin)
    except (struct.error, IndexError) as error:
        raise ValueError("it ends before its end") from error


class _Table:
    """A record whose fields are found by an index beside it."""

    def __init__(self, content: memoryview, place: int) -> None:
        self._content, self._place = content, place
        self._index = place - struct.unpack_from("<i", content, place)[0]
        if self._index < 0:
            raise ValueError("a table before the beginning")
        (self._bytes,) = struct.unpack_from("<H", content, self._index)

    def field(self, number: int) -> int | None:
        """The place of a field; None where it is not there."""
        at = 4 + 2 * number
        if at + 2 > self._bytes:
            return None
        (offset,) = struct.unpack_from("<H", self._content, self._index + at)
        return self._place + offset if offset else None

    def tables(self, number: int) -> list["_Table"]:
        """Those in a field that is a list of them."""
        field = self.field(number)
        if field is None:
            return []
        start = field + _unsigned(self._content, field)
        count = _unsigned(self._content, start)
        if count > _MAX_OPERATORS:
            raise ValueError(f"{count:,} operations")
        places = (start + 4 * each for each in range(1, count + 1))
        return [_Table(self._content, place + _unsigned(self._content, place)) for place in places]

    def number(self, number: int, form: str) -> int:
        """0 where it is not there."""
        field = self.field(number)
        if field is None:
            return 0
        value: int = struct.unpack_from(form, self._content, field)[0]
        return value


def _unsigned(content: memoryview, place: int) -> int:
    value: int = struct.unpack_from("<I", content, place)[0]
    return value


def _check_operators(model: _Table, origin: str) -> None:
    operators = model.tables(_OPERATORS)
    if not operators:
        raise ValueError("it has no operations")
    for operator in operators:
        codes = {operator.number(_OLD_CODE, "<b"), operator.number(_CODE, "<i")}
        if operator.field(_CUSTOM_CODE) is not None or codes & {_CUSTOM, _DELEGATE}:
            raise Refused(
                f"{origin}: it holds an operation that is not LiteRT's own, which may do more than "
                "compute",
                fix=_FIX,
            )
