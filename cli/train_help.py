"""`fmtool train --help`: the options and keys that are really there, read from the YAML files."""

from pathlib import Path

import fmtool.conf

_HEAD = """\
usage: fmtool train [group=option] [group.key=value] [key=value] [flags]

trains a model and leaves a run directory: config, manifest, metrics, TensorBoard files,
checkpoints, model.keras, plots and result.json

groups and their options (* marks the default):
"""

_TAIL = """\

flags:
  --json              one JSON object on stdout
  --plugin MODULE     your own model or data set, a module or a .py file; may be repeated
  --timeout TIME      end in order, with exit code 124, after 90, 30s, 10m or 2h
  -m                  sweep: every combination of comma lists, each in a process of its own;
                      the same command again does what is missing
  -cd DIR             add a folder of your own YAML files; also FMTOOL_CONF, ./fmtool_conf and
                      $XDG_CONFIG_HOME/fmtool
  -cn NAME            another primary config than train
  --cfg job           print the composed config; with --resolve, -p PACKAGE
  --info defaults-tree  print where the config comes from

examples:
  fmtool train model=cnn data=cifar10
  fmtool train model=mlp data=mnist optimizer=sgd optimizer.learning_rate=0.05 epochs=5
  fmtool train data=cifar10 augment=flip_crop schedule=cosine gate.min.accuracy=0.7
  fmtool train -m model=cnn,mlp optimizer.learning_rate=1e-2,1e-3 seeds=3 sweep.jobs=2
  fmtool train data=cifar10 dry_run=true
  fmtool train model=cnn data=cifar10 resume=auto     in a job that may be cut off: repeat it
  fmtool train resume=last epochs=20                  go on with the newest run, to more epochs

see the keys of an option: fmtool train model=mlp --cfg job -p model
"""


def text() -> str:
    root = Path(fmtool.conf.__path__[0])
    primary = (root / "train.yaml").read_text(encoding="utf-8")
    chosen = _defaults(primary)
    lines = []
    for group, choice in chosen.items():
        names = sorted(path.stem for path in (root / group).glob("*.yaml"))
        marked = [f"{name}*" if name == choice else name for name in names]
        if marked:
            lines.append(_wrapped(f"  {group:<14}", marked))
    sweep = (root / "sweep.yaml").read_text(encoding="utf-8")
    own = ["keys and defaults of a sweep, with -m:", *_keys(sweep)]
    keys = ["keys and defaults:", *_keys(primary), "", *own]
    return "\n".join([_HEAD.rstrip("\n"), *lines, "", *keys, _TAIL])


def _keys(text: str) -> list[str]:
    """The keys behind the defaults list of a primary config."""
    return [f"  {line}" for line in text.split("\n\n", 1)[1].rstrip().splitlines()]


def _defaults(primary: str) -> dict[str, str]:
    entries = [line.strip()[2:] for line in primary.splitlines() if line.startswith("  - ")]
    pairs = (entry.partition(": ") for entry in entries if ": " in entry)
    return {group: choice for group, _, choice in pairs}


def _wrapped(head: str, words: list[str], width: int = 79) -> str:
    lines, line = [], head
    for word in words:
        if len(line) + len(word) + 1 > width:
            lines.append(line)
            line = " " * len(head)
        line += f" {word}"
    return "\n".join([*lines, line])
