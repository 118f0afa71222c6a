"""`fmtool runs --help`."""

from fmtool.runs.records import STATUSES

HELP = f"""\
usage: fmtool runs [list] [key=value ...] [--csv | --json]
       fmtool runs show RUN [runs_dir=DIR] [--json]
       fmtool runs compare RUN RUN ... [runs_dir=DIR] [--csv | --json]
       fmtool runs rm RUN ... | filters    [yes=true]
       fmtool runs prune [RUN ... | filters] [keep=best|last] [yes=true]
       fmtool runs archive RUN ... | filters [output=DIR] [remove=true] [yes=true]
       fmtool runs tag RUN ... | filters   [add=A,B] [remove=C]
       fmtool runs note RUN [TEXT]

RUN is a path, an id or the start of one, the name= it was given, or `last`: the newest run that is
of no sweep and no study; of those, `fmtool runs` has the ids.

keys:
  runs_dir=DIR    where the runs are (default: runs)
  status=STATUS   only those that are {", ".join(STATUSES)}
  model=NAME      only those with this model
  data=NAME       only those with this data set, folder or file
  tag=NAME name=NAME experiment=NAME   likewise; each may hold * and ?
  min.METRIC=X    only those whose figure is at least X, of the test report or the one monitored
  max.METRIC=X    at most X
  sort=KEY        start (newest first, the default), score (best first, by monitor) or
                  seconds (longest first)
  limit=N         only the first N

rm       removes runs with all their files
prune    removes checkpoints of finished runs, most of their bytes; keep=best (default): model.keras
         stays, of the best epoch, and the run cannot go on; keep=last: the newest and the best
         checkpoint stay, and it can
archive  packs runs into DIR/ID.tar.gz (runs/archive), reads each back, and with remove=true then
         removes the run; tar -xzf FILE -C runs brings it back
tag      in the place of the tags that the run began with, see tag=
note     a line for people, shown by `fmtool runs show`; '' takes it away

What removes something shows what it would do, and what is lost with it; yes=true, or --yes, does
it. Runs that are being written, links, and runs that hold any are left as they are (75, 77).

`running` is a run whose process is alive; `killed` is one whose process died without a word;
`damaged` is one with a file that cannot be read.

flags: --json one object on stdout   --timeout TIME ends it in order after 90, 30s, 10m or 2h

examples:
  fmtool runs model=cnn sort=score limit=5
  fmtool runs show last
  fmtool runs compare last 2026-01-31_0815 --csv
  fmtool runs prune max.val_loss=0.9 yes=true
"""
