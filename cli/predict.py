"""`fmtool predict`: finds the model, labels what it is given, and shows or writes the labels."""

import gc
from typing import TYPE_CHECKING

from fmtool.errors import UsageError
from fmtool.notices import counted

from . import output, run_command
from .flags import Flags

if TYPE_CHECKING:
    from fmtool.prediction.report import Report

_OWN_KEYS = (
    "run", "runs_dir", "model_file", "bundle", "format", "input", "output", "output_format",
    "data", "top", "probabilities", "batch_size", "on_error", "threads",
)  # fmt: skip
_ROWS = 20
"""The rows of the table for people."""
_ERROR_COLUMN = 2
"""Index of the column that holds the reason why a sample could not be read, where there is one."""

HELP = """\
usage: fmtool predict RUN|model=FILE|bundle=FILE input=INPUT [output=OUTPUT] [key=value ...]

labels samples that nobody has labelled, prepared as those of the training were; a run in float32
on its own backend, an exported file in its own runtime and without Keras

  RUN                 a path, a unique prefix of a run's name, a name=, or `last`, the newest run
                      that is of no sweep and no study; run=RUN is the same
  model=FILE          what fmtool export wrote: .onnx, .tflite, .xml, .pt2, .keras, or the folder of
                      a SavedModel; the tokenizer.json of a model of texts lies beside it
  bundle=FILE         an archive of such files; format=NAME: one of them, or the first that can run
  input=INPUT         pictures:   a file, a folder with all in it, a pattern in quotes, or a .csv
                                  or .tsv with a column of their paths
                      texts:      a .txt with one on each line; .csv, .tsv or .jsonl with a column
                      numbers:    .csv or .tsv with a column for each number
                      raw samples of any kind: .npy, or .npz with an array x
                      -           standard input: texts, one on each line, or a table of numbers
  output=OUTPUT       FILE.csv or FILE.jsonl, or - for standard output (output_format=csv|jsonl);
                      by default a table of the first 20
  top=N               the N likeliest classes       probabilities=true   those of all classes
  on_error=fail|skip  at a sample that cannot be read: exit 65 without output (default), or go on,
                      write its error in its place, and exit 65 in the end
  batch_size=64       samples that the model sees at once        threads=N

  data.resize_mode=stretch|crop|pad   of pictures of another size; as the run's data by default
  data.color=rgb|grayscale|auto       of pictures               data.max_pixels=N
  data.text_column=NAME               with the texts in a table; for input=-: it is a table
  data.path_column=NAME               with the paths of pictures in a table
  data.delimiter=comma|semicolon|tab|pipe|auto   data.quotes=true   data.encoding=utf-8
  runtime.KEY=VALUE   with run=: another backend, device or thread count

flags: --json one object on stdout   --plugin MODULE for layers of your own
       --timeout TIME ends it in order after 90, 30s, 10m or 2h

examples:
  fmtool predict run=last input=pictures/ output=labels.csv
  fmtool predict model=export/onnx/model.onnx input='scans/*.png' top=3
  echo "a quiet, moving film" | fmtool predict run=last input=- --json
"""


def help_text() -> str:
    return HELP


def main(argv: list[str], flags: Flags) -> int:
    from fmtool import validate

    own = run_command.read_own(
        "predict",
        [_renamed(word) for word in argv],
        flags,
        own_keys=_OWN_KEYS,
        validated=validate.predict_config,
        paths=("model_file", "bundle"),
    )
    if flags.as_json and own.cfg.output == "-":
        raise UsageError(
            "output=- and --json both want standard output", fix="leave out one of the two"
        )
    run_cfg = directory = None
    if own.cfg.run is not None:
        found = run_command.with_run(own, own_keys=_OWN_KEYS)
        run_cfg, directory = found.saved, found.directory
    else:
        if any(word.startswith("runtime.") for word in own.others):
            raise UsageError(
                "runtime.* is of a run; an exported file runs in its own runtime, on the CPU",
                fix="leave it out, or write threads=N",
            )
        run_command.check_known(own.others, _OWN_KEYS)
    gc.enable()

    from fmtool.notices import note
    from fmtool.prediction.workflow import predict

    report = predict(own.cfg, run_cfg, directory)
    if flags.as_json:
        output.print_json(report.to_json())
    elif report.output is None:
        _print(report)
    for error in report.errors:
        note(f"skipped: {error}")
    if report.failed:
        note(f"error: {report.failed:,} of {report.predicted + report.failed:,} were skipped")
    elif report.output not in (None, "-") and not flags.as_json:
        note(f"{counted(report.predicted, 'prediction')} in {report.output}")
    return report.exit_code


def _renamed(word: str) -> str:
    """`model` names a file here and the group of architectures everywhere else."""
    return f"model_file{word[5:]}" if word.startswith("model=") else word


def _print(report: "Report") -> None:
    shown = report.kept[:_ROWS]
    columns = ["input", *report.headings]
    rows = []
    for each in shown:
        cells = [each.name, *(() if each.said is None else each.said.shown)]
        if each.error is not None:
            cells += (_ERROR_COLUMN - 1) * [""] if len(columns) > _ERROR_COLUMN else []
            cells.append(f"error: {each.error.message}")
        rows.append(cells)
    width = max((len(cells) for cells in rows), default=len(columns))
    columns = columns[: max(width, _ERROR_COLUMN + 1)]
    rows = [cells + (len(columns) - len(cells)) * [""] for cells in rows]
    output.print_table(columns, rows)
    left = report.predicted + report.failed - len(shown)
    if left:
        output.print_line(f"and {left:,} more; output=FILE.csv writes them all")
