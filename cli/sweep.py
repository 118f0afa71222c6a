"""`fmtool sweep plan`: what a sweep would do, and how long it would take; it starts nothing."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from fmtool.config import arguments
from fmtool.errors import UsageError
from fmtool.notices import counted
from fmtool.suggest import did_you_mean

from . import output, sweep_command
from .flags import Flags

if TYPE_CHECKING:
    from fmtool.sweeping.plan import Planned
    from fmtool.sweeping.workflow import Sweep

HELP = """\
usage: fmtool sweep plan [group=option,...] [key=value,...] [sweep.KEY=value] [flags]

lists the jobs that the same command would run as `fmtool train -m`: which are the same, which are
done, are to be gone on with, have failed, or are to be done; how many samples they train on; and
how long they would take, by earlier runs of the same models on the same data in runs_dir.
Starts nothing and reads no data.

the keys of a sweep are listed by fmtool train --help

flags:
  --json              one JSON object on stdout
  --plugin MODULE     your own model or data set, a module or a .py file; may be repeated
  --timeout TIME      end in order, with exit code 124, after 90, 30s, 10m or 2h
  -cd DIR             add a folder of your own YAML files; also FMTOOL_CONF, ./fmtool_conf and
                      $XDG_CONFIG_HOME/fmtool
  -cn NAME            another primary config than train

example:
  fmtool sweep plan model=cnn,mlp optimizer.learning_rate=1e-2,1e-3 seeds=3 sweep.jobs=2
"""

_ACTIONS = ("plan",)


def help_text() -> str:
    return HELP


def main(argv: list[str], flags: Flags) -> int:
    action, *words = argv or [""]
    if action not in _ACTIONS:
        fix = (
            did_you_mean(action, _ACTIONS) if action else "write fmtool sweep plan, and the command"
        )
        raise UsageError(f"unknown action '{action}'" if action else "no action named", fix=fix)
    parsed = arguments.parse(words)
    if parsed.asks_for_information:
        raise UsageError("sweep takes no --cfg or --info", fix="ask fmtool train")

    from fmtool.config.folders import user_folders

    folders = user_folders(parsed.config_dirs)
    sweep = sweep_command.read(parsed.config_name or "train", parsed, folders, flags)

    from fmtool.sweeping.plan import plan

    planned = plan(sweep)
    if flags.as_json:
        output.print_json(_document(sweep, planned))
    else:
        _print(sweep, planned)
    return 0


def _document(sweep: "Sweep", planned: "list[Planned]") -> dict[str, Any]:
    from fmtool.sweeping.plan import total_samples, total_seconds

    shard, jobs = sweep.settings.shard, sweep.settings.jobs
    return {
        "schema_version": 1,
        "digest": sweep.digest,
        "shard": None if shard is None else str(shard),
        "states": _counts(planned),
        "samples": total_samples(planned),
        "seconds": total_seconds(planned, jobs),
        "jobs": [each.to_json() for each in planned],
    }


def _counts(planned: "list[Planned]") -> dict[str, int]:
    """The number of trainings in each state; those that are the same count once."""
    return dict(Counter(each.state for each in planned if each.job.same_as is None))


def _print(sweep: "Sweep", planned: "list[Planned]") -> None:
    rows = []
    for each in planned:
        is_same = each.job.same_as is not None
        rows.append(
            (
                str(each.job.number),
                " ".join(each.job.varied),
                f"as job {each.job.same_as}" if is_same else each.state,
                "" if is_same else str(each.epochs),
                "?" if each.samples is None else str(each.samples or ""),
                "?" if each.seconds is None else f"{each.seconds:.0f} s" if each.seconds else "",
                each.run or "",
            )
        )
    from fmtool.terminal import Column

    columns = (
        *("job", "overrides", "state", Column("epochs", leave_out=2)),
        *(Column("samples", leave_out=3), Column("time", leave_out=1), Column("run", leave_out=4)),
    )
    output.print_table(columns, rows)
    output.print_tables(_summary(sweep, planned))


def _summary(sweep: "Sweep", planned: "list[Planned]") -> str:
    from fmtool.sweeping.plan import total_samples, total_seconds

    counts, jobs = _counts(planned), sweep.settings.jobs
    shard = "" if sweep.settings.shard is None else f" of part {sweep.settings.shard}"
    parts = [f"{counted(len(planned), 'job')}{shard}, {counted(sum(counts.values()), 'training')}"]
    parts += [f"{count} {state}" for state, count in counts.items()]
    samples, seconds = total_samples(planned), total_seconds(planned, jobs)
    if samples is not None:
        parts.append(counted(samples, "sample"))
    if seconds is None:
        parts.append("no earlier run to judge the time by")
    else:
        parts.append(f"about {seconds:.0f} s with sweep.jobs={jobs}")
    return "; ".join(parts)
