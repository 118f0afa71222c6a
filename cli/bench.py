"""`fmtool bench`: composes and validates as `train` does, then measures instead of training."""

import gc

from fmtool.config import arguments
from fmtool.errors import UsageError
from fmtool.notices import note

from . import output
from .flags import Flags

HELP = """\
usage: fmtool bench [group=option] [group.key=value] [key=value] [flags]

measures the training that the same command with `train` would begin, and leaves no file behind:
steps and samples a second beside a bare loop of the same backend, share of the machine's peak,
time until the first steps, memory

takes the groups and keys of fmtool train (see fmtool train --help), and

  bench.rounds=5      how often fmtool and the bare loop take turns; figures are medians
  bench.seconds=2.0   of training in each turn

flags:
  --json              one JSON object on stdout
  --plugin MODULE     your own model or data set, a module or a .py file; may be repeated
  --timeout TIME      end in order, with exit code 124, after 90, 30s, 10m or 2h
  -cd DIR             add a folder of your own YAML files; also FMTOOL_CONF, ./fmtool_conf and
                      $XDG_CONFIG_HOME/fmtool
  --cfg job           print the composed config; with --resolve, -p PACKAGE

examples:
  fmtool bench model=cnn data=cifar10
  fmtool bench model=mlp data=mnist runtime.backend=jax batch_size=512 --json
"""


def help_text() -> str:
    return HELP


def main(argv: list[str], flags: Flags) -> int:
    parsed = arguments.parse(argv)
    if parsed.multirun or parsed.config_name:
        raise UsageError(
            "bench takes no -m and no -cn", fix="measure one training at a time: what train takes"
        )

    from fmtool.config import compose, user_defaults
    from fmtool.config.folders import user_folders

    folders = user_folders(parsed.config_dirs)
    if parsed.asks_for_information:
        from . import information

        return information.show("bench", parsed, folders)
    raw = compose.compose("bench", parsed.overrides, folders=folders)
    raw, backend = user_defaults.with_backend(raw, parsed.overrides)
    if backend is not None:
        note(f"runtime.backend={backend} by {user_defaults.VARIABLE}")

    from fmtool import registry, validate
    from fmtool.benchmarking.config import BenchConfig

    registry.load_plugins(flags.plugins)
    settings = validate.keys_of(BenchConfig, raw.pop("bench"), prefix="bench.")
    cfg = validate.train_config(raw)
    if cfg.resume is not None:
        raise UsageError(
            f"resume={cfg.resume}: bench begins a training of its own", fix="leave out resume="
        )
    gc.enable()

    from fmtool.benchmarking.workflow import bench

    figures = bench(cfg, settings, plugins=flags.plugins)
    if flags.as_json:
        output.print_json(figures)
    else:
        from fmtool.benchmarking.table import tables

        output.print_tables(tables(figures))
    return 0
