"""The folders of a user's own YAML files, in the order in which they are looked through."""

import os
from pathlib import Path

from fmtool.errors import UsageError

LOCAL = "fmtool_conf"
"""The folder that counts wherever a command is started beside it."""


def user_folders(named: list[Path]) -> tuple[Path, ...]:
    """`-cd` folders, FMTOOL_CONF's, ./fmtool_conf, then that of the user's account.

    Raises UsageError if one that was named is missing.
    """
    listed = [Path(entry) for entry in os.environ.get("FMTOOL_CONF", "").split(os.pathsep) if entry]
    for folder in listed:
        if not folder.is_dir():
            raise UsageError(
                f"FMTOOL_CONF: no folder '{folder}'", fix="correct or unset the variable"
            )
    found = [*named, *listed, *(each for each in (Path(LOCAL), account()) if each.is_dir())]
    return tuple(dict.fromkeys(folder.resolve() for folder in found))


def account() -> Path:
    """`$XDG_CONFIG_HOME/fmtool`, else `~/.config/fmtool`; it need not be there."""
    base = os.environ.get("XDG_CONFIG_HOME")
    # The standard of such folders wants a relative path ignored.
    if base and Path(base).is_absolute():
        return Path(base) / "fmtool"
    try:
        return Path("~/.config/fmtool").expanduser()
    except RuntimeError:  # an account without a home
        return Path("/nonexistent/fmtool")
