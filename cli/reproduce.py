"""`fmtool reproduce`: runs a finished run again from its own config and compares the two."""

import gc
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmtool.errors import UsageError
from fmtool.suggest import did_you_mean

from . import output
from .flags import Flags

if TYPE_CHECKING:
    from fmtool.runs.layout import RunPaths
    from fmtool.schema import TrainConfig
    from fmtool.training.reproduce import Reproduction

_DEFAULTS = {"run": "", "runs_dir": "", "want": "close", "tolerance": "1e-3"}
_WANTS = ("close", "equal")
_RUNS_DIR = "runs"

HELP = """\
usage: fmtool reproduce RUN [tolerance=X] [want=close|equal] [runs_dir=DIR]

trains as RUN did, into a new run directory, and compares: digests of the data, metrics.jsonl row
by row (times aside), the arrays of the last checkpoint, the final report on the test split

  RUN            a path, a unique prefix of a run's name, a name=, or `last`, the newest run that is
                 of no sweep and no study; run=RUN is the same
  want=VERDICT   the least that gives exit code 0: close (default) or equal; else it is 4
  tolerance=X    how far a score of the final report may be off to be close; 1e-3 by default
  runs_dir=DIR   where RUN is looked up (runs by default) and the new run is put (beside RUN)

verdicts:
  equal      every bit is the same; promised on a CPU with the same versions and thread count
  close      the scores are, within the tolerance; expected with other versions, CPUs, threads
  different  neither; the first field that differs is named

flags: --json one object on stdout   --plugin MODULE those that RUN was trained with

examples:
  fmtool reproduce last
  fmtool reproduce last want=equal --json
"""


def help_text() -> str:
    return HELP


def main(argv: list[str], flags: Flags) -> int:
    settings = _parse(argv)
    tolerance = _tolerance(settings["tolerance"])
    if settings["want"] not in _WANTS:
        raise UsageError(
            f"want={settings['want']} is no verdict to wait for",
            fix=did_you_mean(settings["want"], _WANTS),
        )

    from fmtool import registry
    from fmtool.runs.containment import require_contained
    from fmtool.runs.find import find
    from fmtool.runs.layout import RunPaths

    registry.load_plugins(flags.plugins)
    looked_in = Path(settings["runs_dir"] or _RUNS_DIR).expanduser()
    original = RunPaths(find(settings["run"], looked_in))
    require_contained(original.root)  # what a kill left half done in its checkpoints is put right
    beside = original.root.resolve().parent if original.root.name in ("", "..") else None
    runs_dir = looked_in if settings["runs_dir"] else beside or original.root.parent
    cfg = _saved_config(original, runs_dir)
    gc.enable()

    from fmtool.training.reproduce import reproduce
    from fmtool.training.workflow import Request

    request = Request(argv=["reproduce", *argv], plugins=flags.plugins)
    found = reproduce(cfg, request, original, wanted=settings["want"], tolerance=tolerance)
    if flags.as_json:
        output.print_json(found.to_json())
    else:
        _print(found)
    return found.exit_code


def _parse(argv: list[str]) -> dict[str, str]:
    settings: dict[str, str] = {}
    for word in argv:
        # A path may hold a `=` too, so only what looks like a key counts.
        is_setting = re.match(r"[A-Za-z_.]+=", word) is not None
        key, value = word.split("=", 1) if is_setting else ("run", word)
        if word.startswith("-"):
            raise UsageError(f"reproduce: unknown flag {word}", fix="see fmtool reproduce --help")
        if key not in _DEFAULTS:
            raise UsageError(f"reproduce: no key '{key}'", fix=did_you_mean(key, _DEFAULTS))
        if key in settings:
            raise UsageError(f"reproduce: '{word}' is one {key} too many", fix="name only one")
        settings[key] = value
    if not settings.get("run"):
        raise UsageError("reproduce: no run was named", fix="name one, such as `last`")
    return _DEFAULTS | settings


def _tolerance(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise UsageError(f"tolerance={text} is not accepted", fix="give a number of 0 or more")
    return value


def _saved_config(original: "RunPaths", runs_dir: Path) -> "TrainConfig":
    """The config RUN was trained with; where it is written and how it was started are not in it."""
    from fmtool import validate
    from fmtool.config import compose
    from fmtool.runs.saved_config import read_run_config

    saved = compose.override_saved(read_run_config(original.config), [], groups_allowed=())
    # The name stays with RUN, so that it goes on to mean that run.
    own: dict[str, Any] = {"resume": None, "allow_change": [], "name": None}
    return validate.train_config(saved | own | {"runs_dir": str(runs_dir)})


def _print(found: "Reproduction") -> None:
    from fmtool.evaluation.report import facts_table

    facts: dict[str, Any] = {
        "verdict": found.comparison.verdict,
        "first difference": found.comparison.first or "none",
        "tolerance": found.tolerance,
    }
    if found.reproduction:
        facts["run directory"] = found.reproduction
    output.print_tables(facts_table(f"reproduction of {found.run}", facts))
