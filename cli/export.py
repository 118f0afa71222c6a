"""`fmtool export`: finds the run, writes files that run elsewhere, and shows how they compare."""

import gc
from typing import TYPE_CHECKING

from . import output, run_command
from .flags import Flags

if TYPE_CHECKING:
    from fmtool.export.result import Export

_OWN_KEYS = (
    "run", "runs_dir", "output", "format", "quantization", "include", "benchmark", "bundle",
    "card", "export",
)  # fmt: skip
_LISTS = ("format=", "quantization=", "include=")

HELP = """\
usage: fmtool export RUN [format=FORMAT,...] [quantization=Q,...] [key=value ...]

writes the model of a run in other formats; each file is run in its own runtime on the held-out
samples and compared with the run's network, and is kept only if it gives the same answers

  RUN                 a path, a unique prefix of a run's name, a name=, or `last`, the newest run
                      that is of no sweep and no study; run=RUN is the same
  runs_dir=DIR        where RUN is looked up; runs by default
  output=DIR          where the files are written; export/ in the run by default
  format=FORMAT,...   keras, saved_model, onnx (default), litert, openvino, torch; all: what is
                      installed
  quantization=Q,...  none (default), float16, dynamic (8-bit weights), int8 (8-bit activations
                      too, calibrated on training samples); all: what a format has
  include=NAME,...    outputs beside the label: probabilities, logits (both by default), embedding;
                      of other tasks what they give, all by default
  benchmark=true      all formats and quantizations in one table, and a picture
  bundle=true         also one archive of files, labels, card, checksums and example clients

  card.license=ID     the licence of the model in its card, such as apache-2.0
  card.notes=TEXT     Markdown of your own in the card; both are kept by the next export, also where
                      you have written them into model_card.md; '' takes them away

  export.batch=N      a file that reads N samples at once; any number by default
  export.any_size=true       images of any size, resized within the file
  export.opset=17     of ONNX           export.simplify=true    fold the ONNX graph
  export.samples=N    of the test split that files are tried on; all by default
  export.calibration_samples=256   of the training split, for int8
  export.bundle_samples=16   held-out samples in a bundle, for `fmtool verify`; 0: none
  export.tolerance=X  exit 6 if a probability differs by more than X; of numbers in standard
                      deviations of what the run's network gives
  export.agreement=X  exit 6 if fewer than this share of the samples have the same label
  export.score_loss=X exit 6 if the accuracy, or another headline of the task, falls by more than
                      X; of numbers a share of it
  data.path=DIR       where the data are, if they moved; other keys of data. and runtime. likewise

flags: --json one object on stdout   --plugin MODULE for layers of your own
       --timeout TIME ends it in order after 90, 30s, 10m or 2h

examples:
  fmtool export run=last format=onnx
  fmtool export run=last format=onnx,litert quantization=none,int8 export.score_loss=0.01
"""


_LEFT_OUT = {"largest difference": 1, "ms for 32": 2, "samples/s": 3, "MB of memory": 4}
"""Columns that go first where the terminal is narrow, the highest before the others."""


def help_text() -> str:
    return HELP


def main(argv: list[str], flags: Flags) -> int:
    from fmtool import validate

    asked = run_command.read(
        "export",
        [_as_list(word) for word in argv],
        flags,
        own_keys=_OWN_KEYS,
        validated=validate.export_config,
    )
    gc.enable()

    from fmtool.export.workflow import export

    made = export(
        asked.cfg,
        asked.saved,
        asked.directory,
        plugins=flags.plugins,
        data_words=asked.data_words,
    )
    if flags.as_json:
        output.print_json(made.to_json())
    else:
        _print(made)
    return made.exit_code


def _as_list(word: str) -> str:
    """`format=onnx,litert` as Hydra writes lists."""
    if not word.startswith(_LISTS) or "[" in word:
        return word
    key, _, value = word.partition("=")
    return f"{key}=[{value}]"


def _print(made: "Export") -> None:
    from fmtool.export.report import cells, columns
    from fmtool.terminal import Column

    if made.rows:
        headings = (Column(name, leave_out=_LEFT_OUT.get(name, 0)) for name in columns(made.rows))
        output.print_table(list(headings), [cells(row) for row in made.rows])
        output.print_line(f"{made.folder}/")
