"""Hydra's own questions (`--cfg`, `--info`), answered without running anything."""

import os
import sys
from pathlib import Path

from fmtool.config import compose, user_defaults
from fmtool.config.arguments import Arguments
from fmtool.errors import ExitCode, UsageError


def show(config_name: str, arguments: Arguments, folders: tuple[Path, ...]) -> int:
    """Composes once first, so that a config which may not run is not shown to Hydra either."""
    raw = compose.compose(config_name, arguments.overrides, folders=folders)
    if arguments.show is not None and arguments.show != "job":
        raise UsageError(f"--cfg {arguments.show}: only --cfg job is shown", fix="write --cfg job")
    words = [*arguments.overrides]
    _, backend = user_defaults.with_backend(raw, arguments.overrides)
    if backend is not None:
        words.append(f"{user_defaults.KEY}={backend}")
    if arguments.show:
        words += ["--cfg", arguments.show]
    if arguments.package:
        words += ["--package", arguments.package]
    if arguments.resolve:
        words.append("--resolve")
    if arguments.info:
        words += ["--info", arguments.info]
    sys.argv = ["fmtool train", *words]
    os.environ["HYDRA_FULL_ERROR"] = "1"
    compose.run_hydra_main(config_name, folders)
    return ExitCode.SUCCESS
