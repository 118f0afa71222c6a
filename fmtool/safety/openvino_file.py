"""The gate that every model of OpenVINO passes before OpenVINO opens it.

A text of XML, with the weights beside it. XML can refer to other files and multiply itself;
layers can come from libraries that are loaded for them.
"""

import re
from pathlib import Path
from xml.parsers import expat

from fmtool.errors import Refused

_MAX_BYTES = 1 << 28
_DEEPEST = 200
_SETS = re.compile(r"opset\d{1,2}")
"""The layers of OpenVINO itself."""
_FIX = "delete the file unless you trust who made it"


def check(content: bytes, *, weights: Path, origin: str) -> None:
    """Raises Refused for more than layers of OpenVINO; ValueError for what is no model of it."""
    if len(content) > _MAX_BYTES:
        raise Refused(f"{origin}: {len(content):,} bytes of XML", fix=_FIX)
    if weights.is_symlink() or not weights.is_file():
        raise ValueError(f"{weights.name} is not beside it")
    reading = _Reading(origin, weights.stat().st_size)
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = reading.declaration
    parser.EntityDeclHandler = reading.declaration
    parser.ProcessingInstructionHandler = reading.declaration
    parser.StartElementHandler = reading.begin
    parser.EndElementHandler = reading.end
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise ValueError(f"not XML ({error})") from error
    if not reading.layers:
        raise ValueError("no layer in it")


class _Reading:
    """The state of reading the text."""

    def __init__(self, origin: str, weights_bytes: int) -> None:
        self._origin, self._weights_bytes = origin, weights_bytes
        self._depth = 0
        self.layers = 0

    def declaration(self, *_: object) -> None:
        raise Refused(f"{self._origin}: XML with declarations of its own", fix=_FIX)

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Refused(f"{self._origin}: nested too deeply", fix=_FIX)
        if self._depth == 1 and name != "net":
            raise ValueError(f"<{name[:40]}> at the top, expected <net>")
        if name == "layer":
            self.layers += 1
            kind, version = attributes.get("type", ""), attributes.get("version", "")
            if not _SETS.fullmatch(version):
                shown = f"{version}.{kind}"[:80]
                raise Refused(
                    f"{self._origin}: it holds {shown!r}, which may do more than compute", fix=_FIX
                )
        if name == "data" and "offset" in attributes:
            self._check_weights(attributes)

    def end(self, _: str) -> None:
        self._depth -= 1

    def _check_weights(self, attributes: dict[str, str]) -> None:
        end = int(attributes["offset"]) + int(attributes.get("size", "0"))
        if not 0 <= int(attributes["offset"]) <= end <= self._weights_bytes:
            raise ValueError("weights beyond the end of the file beside it")
