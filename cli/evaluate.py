"""`fmtool evaluate`: finds the run, measures its model, judges the gates."""

import gc
from typing import TYPE_CHECKING

from . import output, run_command
from .flags import Flags

if TYPE_CHECKING:
    from fmtool.evaluation.workflow import Evaluation

_OWN_KEYS = ("run", "runs_dir", "split", "predictions", "plots", "tta", "gate")

HELP = """\
usage: fmtool evaluate RUN [split=test|validation|train|all] [data.path=PATH] [key=value ...]

measures model.keras of a run and writes the report and its pictures under evaluation/ in it

  RUN                 a path, a unique prefix of a run's name, a name=, or `last`, the newest run
                      that is of no sweep and no study; run=RUN is the same
  runs_dir=DIR        where RUN is looked up; runs by default
  split=SPLIT         test (default), validation or train, drawn as the run drew them; or all
  data.path=PATH      other labelled samples, of the classes that the run has: the test part if they
                      have one, else all; nothing is held out of them
  predictions=FILE    .csv or .jsonl: each sample with its name, part, true class, label and
                      probabilities; with split=all also which samples were held out
  tta=TTA             test-time augmentation, logits averaged over views: none, flip (image and
                      mirror image) or flip_translate (both also shifted by one pixel: 6 views);
                      as the run was reported by default
  plots=false         no pictures beside the report
  gate.min.METRIC=X   exit 4 if METRIC is below X
  gate.max.METRIC=X   exit 4 if METRIC is above X
  data=NAME           another data set of the same shape and classes; data.key=value for its keys
  runtime.KEY=VALUE   another device or thread count; the backend is the run's unless set

metrics are those of the task of the run:
binary, multi_label, regression and others: docs/metrics.md, and what --json names
classification: loss accuracy top_5_accuracy brier expected_calibration_error balanced_accuracy
         matthews_corrcoef cohen_kappa
         roc_auc_macro pr_auc_macro   each class against the rest, the mean over classes
         precision_ recall_ f1_ with the ending
           macro      the mean over the classes that have samples in the split
           macro_all  the mean over all classes, those without samples as 0
           weighted   the mean over classes by their samples
         a figure that is undefined is null, with the reason in --json, and no gate on it is met

flags: --json one object on stdout   --plugin MODULE for layers of your own
       --timeout TIME ends it in order after 90, 30s, 10m or 2h

examples:
  fmtool evaluate run=last
  fmtool evaluate run=last gate.min.accuracy=0.70 gate.max.loss=1.2 --json
"""


def help_text() -> str:
    return HELP


def main(argv: list[str], flags: Flags) -> int:
    from fmtool import validate

    asked = run_command.read(
        "evaluate",
        argv,
        flags,
        own_keys=_OWN_KEYS,
        validated=validate.evaluate_config,
        paths=("predictions",),
    )
    validate.check_gate(asked.cfg.gate, asked.saved.task)
    gc.enable()

    from fmtool.evaluation.workflow import evaluate

    evaluation = evaluate(asked.cfg, asked.saved, asked.directory, data_words=asked.data_words)
    if flags.as_json:
        output.print_json(evaluation.to_json())
    else:
        _print(evaluation, of_other_data=bool(evaluation.data_differs and asked.data_words))
    return evaluation.exit_code


def _print(evaluation: "Evaluation", *, of_other_data: bool) -> None:
    from fmtool.evaluation.report import evaluation_table, gate_table

    other = "other " if of_other_data else ""
    title = f"{evaluation.run_directory.name} on {other}{evaluation.data_label} {evaluation.split}"
    if evaluation.tta != "none":
        title += f", tta={evaluation.tta}"
    gates = [gate_table(evaluation.gates)] if evaluation.gates else []
    table = evaluation_table(evaluation.report, evaluation.reporting, title)
    output.print_tables(table, *gates)
