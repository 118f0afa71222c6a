"""Addresses where a path belongs, such as s3://bucket/pets: nothing is read from there."""

import re

from fmtool.errors import UsageError

_ADDRESS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]+)://(?P<place>.*)", re.IGNORECASE)
_OF_FILES = "file"


def require_path(key: str, text: str) -> None:
    """UsageError where `text`, the value of `key`, is an address."""
    found = _ADDRESS.fullmatch(text)
    if found is None:
        return
    if found["scheme"].lower() == _OF_FILES:
        raise UsageError(
            f"{key}={text}: an address, where a path belongs", fix=f"write {key}={found['place']}"
        )
    raise UsageError(
        f"{key}={text}: an address; only files and folders of this machine are read and written",
        fix=f"copy it here, or mount it, and write {key}=PATH",
    )
