"""`fmtool tune --help`: the keys that are really there, read from the YAML files."""

from pathlib import Path

import fmtool.conf

_HEAD = """\
usage: fmtool tune [key=RANGE] [key=A,B] [group=A,B] [key=value] [flags]
       fmtool tune worker study=NAME storage=URL
       fmtool tune ACTION [study=NAME]     NAME, or the study that was worked at last

searches the keys of fmtool train that have a range or a list; each trial is a run of its own

ranges, without quotes:
  optimizer.learning_rate=1e-5..1e-1:log    of equal orders of magnitude
  model.dropout=0..0.5                      of equal distances
  batch_size=16..256/16                     in steps
  model.activation=relu,gelu                one of a list
  model=cnn,mlp                             options, each with dimensions of its own
without any, those of the model's file are taken: space/MODEL.yaml, here or in a folder of yours

actions:
  worker       join a study from another machine, container or CI job
  status       how far it is, and its best trials
  best         the best trial; output=FILE.yaml writes an experiment of it
  importance   which dimensions matter
  plot         pictures: history, importance, parallel coordinates, pairs, slices, Pareto, timeline
  board        links to the event files of all trials: output=DIR, for TensorBoard
  export       all trials: output=FILE.csv or FILE.json
  retry        give failed trials another chance with the next line
  confirm      train the best again: top=5 seeds=3, and report the test score of the best of them
  dashboard    a page on the study, on loopback: port=8080

"""

_GROUPS = "groups and their options (* marks the default):"

_TAIL = """\

the other keys are those of fmtool train, see fmtool train --help; dry_run=true shows what would be
searched, after every end of each range has been checked, and begins nothing

flags:
  --json              one JSON object on stdout
  --plugin MODULE     your own model or data set, a module or a .py file; may be repeated
  --timeout TIME      end in order, with exit code 124, after 90, 30s, 10m or 2h
  -cd DIR             add a folder of your own YAML files; also FMTOOL_CONF, ./fmtool_conf and
                      $XDG_CONFIG_HOME/fmtool
  --cfg job           print the keys above as YAML

examples:
  fmtool tune model=cnn data=cifar10 optimizer.learning_rate=1e-4..1e-2:log model.dropout=0..0.5
  fmtool tune model=cnn,mlp data=fashion_mnist budget.trials=50 pruner=hyperband tune.jobs=2
  fmtool tune model=mlp data=digits objective='[max val_accuracy, min parameters]' tuner=nsgaii
  fmtool tune best output=fmtool_conf/experiment/tuned.yaml && fmtool train experiment=tuned
"""


def text() -> str:
    root = Path(fmtool.conf.__path__[0])
    keys = (root / "tune.yaml").read_text(encoding="utf-8").split("\n\n", 1)[1].rstrip()
    groups = []
    for group, default in (("tuner", "tpe"), ("pruner", "asha"), ("tune/cluster", "none")):
        names = sorted(path.stem for path in (root / group).glob("*.yaml"))
        marked = [f"{name}*" if name == default else name for name in names]
        groups.append(f"  {group:<14}{' '.join(marked)}")
    spaces = sorted(path.stem for path in (root / "space").glob("*.yaml"))
    groups.append(f"  {'space':<14}{' '.join(spaces)}")
    lines = [f"  {line}" for line in keys.splitlines()]
    return "\n".join(
        [_HEAD.rstrip("\n"), "", _GROUPS, *groups, "", "keys and defaults:", *lines, _TAIL]
    )
