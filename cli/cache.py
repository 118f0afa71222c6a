"""`fmtool cache`: data sets, compiled programs and measurements that can be made again."""

from typing import TYPE_CHECKING

from fmtool.errors import ExitCode, UsageError
from fmtool.notices import note
from fmtool.suggest import did_you_mean

from . import output
from .flags import Flags

if TYPE_CHECKING:
    from fmtool.diagnosis.caches import Cached

HELP = """\
usage: fmtool cache [list]
       fmtool cache rm NAME ... [yes=true]

list   the data sets that were fetched, programs that were compiled for later starts, and what was
       measured of this machine, each with its size
rm     removes some of them: names as list has them, or all; it shows what it would remove, and
       yes=true, or --yes, does it. A data set is fetched again when it is needed, which
       FMTOOL_OFFLINE=1 forbids. Files that you have placed yourself in the folder of a set stay,
       and so does what another process is filling (75), and links (77)

Data sets are in $FMTOOL_DATA, else in ~/.cache/fmtool/data, all others in $FMTOOL_CACHE, else in
~/.cache/fmtool.

flags: --json one object on stdout   --timeout TIME ends it in order after 90, 30s, 10m or 2h

examples:
  fmtool cache
  fmtool cache rm cifar100 compiled yes=true
"""

_ACTIONS = ("list", "rm")
_ALL = "all"
_CONFIRMING = ("yes=true", "--yes", "-y")


def help_text() -> str:
    return HELP


def main(argv: list[str], flags: Flags) -> int:
    """Prints what is kept, or removes some of it; UsageError for a name that is not there."""
    action, *words = argv or ["list"]
    if action not in _ACTIONS:
        raise UsageError(f"cache: no action '{action}'", fix=did_you_mean(action, _ACTIONS))

    from fmtool.diagnosis import caches

    known = caches.kept()
    if action == "list":
        if words:
            raise UsageError(f"cache list: unexpected '{words[0]}'", fix="leave it out")
        return _show(known, flags, is_dry=True, is_removal=False)
    named = [word for word in words if word not in (*_CONFIRMING, "yes=false")]
    if not named:
        raise UsageError("cache rm: nothing is named", fix="name one of `fmtool cache`, or all")
    for name in named:
        if name not in {_ALL, *(each.name for each in known)}:
            choices = [_ALL, *(each.name for each in known)]
            raise UsageError(f"cache rm: there is no '{name}'", fix=did_you_mean(name, choices))
    chosen = [each for each in known if each.name in named or _ALL in named]
    is_dry = not any(word in _CONFIRMING for word in words)
    done = chosen if is_dry else [caches.remove(each) for each in chosen]
    return _show(done, flags, is_dry=is_dry, is_removal=True)


def _show(found: "list[Cached]", flags: Flags, *, is_dry: bool, is_removal: bool) -> int:
    size = sum(each.size for each in found)
    if flags.as_json:
        state = {"dry": is_dry} if is_removal else {}
        entries = [each.to_json() for each in found]
        output.print_json({**state, "bytes": size, "cached": entries})
    elif not found:
        output.print_line("nothing is cached")
    else:
        rows = [[each.name, each.purpose, _size(each.size), each.state, str(each.path)]
                for each in found]  # fmt: skip
        output.print_table(["name", "what", "size", "state", "path"], rows)
        output.print_line(f"{_size(size)} in all")
        if is_removal and is_dry:
            output.print_line("nothing was removed; yes=true does it")
    for each in found:
        if each.hindrance is not None:
            note(f"error: {each.name}: {each.hindrance}")
    errors = (each.hindrance.exit_code for each in found if each.hindrance is not None)
    return int(next(errors, ExitCode.SUCCESS))


def _size(count: int) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
