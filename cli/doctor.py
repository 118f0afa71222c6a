"""`fmtool doctor`: says whether this installation can train, and what is there for it."""

from pathlib import Path
from typing import TYPE_CHECKING

from fmtool import __version__
from fmtool.errors import UsageError
from fmtool.notices import note
from fmtool.suggest import did_you_mean

from . import output
from .flags import Flags

if TYPE_CHECKING:
    from fmtool.diagnosis.workflow import Diagnosis

HELP = """\
usage: fmtool doctor [backends=NAME,...] [runs_dir=DIR]

versions, processor and GPUs, each backend of Keras as it works in a process of its own, folders
with their sizes and the room on their disks, and the packages that are not installed

  backends=NAME,...   those that are tried: tensorflow, jax, torch; all that are installed by
                      default, which takes some seconds each; none: no one
  runs_dir=DIR        where runs would be written; runs by default

exit codes: 0 all that is installed works   2 no backend is installed
            69 a backend cannot be used     73 a folder cannot be written to

flags: --json one object on stdout   --timeout TIME ends it in order after 90, 30s, 10m or 2h

examples:
  fmtool doctor
  fmtool doctor backends=none --json
"""

_KEYS = ("backends", "runs_dir")


def help_text() -> str:
    return HELP


def main(argv: list[str], flags: Flags) -> int:
    """Prints what was found on stdout, and a line on stderr for each fault."""
    keys = _keys(argv)

    from fmtool.diagnosis.backends import NAMES
    from fmtool.diagnosis.workflow import diagnose

    named = keys.get("backends", ",".join(NAMES))
    tried = [] if named == "none" else named.split(",")
    for name in tried:
        if name not in NAMES:
            fix = did_you_mean(name, [*NAMES, "none"])
            raise UsageError(f"backends={named}: no backend '{name}'", fix=fix)
    found = diagnose(tried, runs_dir=Path(keys.get("runs_dir", "runs")).expanduser())
    if flags.as_json:
        output.print_json(found.to_json())
    else:
        _print(found)
    for _, problem in found.problems:
        note(f"error: {problem}")
    return int(found.exit_code)


def _keys(argv: list[str]) -> dict[str, str]:
    keys = {}
    for word in argv:
        key, equals, value = word.partition("=")
        if not equals or key not in _KEYS:
            raise UsageError(f"doctor: unexpected '{word}'", fix=did_you_mean(key, _KEYS))
        keys[key] = value
    return keys


def _print(found: "Diagnosis") -> None:
    import platform

    cpu = found.hardware["cpu"]
    rows = [["fmtool", f"{__version__} on Python {platform.python_version()}"]]
    rows.append(["packages", ", ".join(f"{name} {each}" for name, each in found.packages.items())])
    rows.append(["processor", f"{cpu['model']}, {cpu['usable']} of {cpu['threads']} usable"])
    rows.append(["memory", _size(found.hardware["memory_bytes"])])
    rows += [["GPU", gpu["name"]] for gpu in found.hardware["gpus"]]
    rows += [[each.name, ": ".join(filter(None, (each.state, each.detail())))]
             for each in found.backends]  # fmt: skip
    for place in found.places:
        text = f"{place.path}, {_size(place.size)}; {_size(place.free)} free"
        rows.append([place.purpose, f"{text}; {place.error}" if place.error else text])
    for extra, packages in (found.missing or {}).items():
        rows.append([f"extra {extra}", f"lacks {', '.join(packages)}" if packages else "complete"])
    output.print_table(["doctor", ""], rows)


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
