"""The commands, and the words that each of them takes: for help and for completion."""

from collections.abc import Mapping
from dataclasses import dataclass, field

COMMANDS = {
    "train": "train a model and leave a run directory",
    "tune": "search hyperparameters, on one machine or on many",
    "evaluate": "measure a run on a split, with gates for CI",
    "export": "write files that run elsewhere and give the same answers",
    "predict": "label pictures, texts or numbers, by a run or by an exported file",
    "verify": "check a bundle of exported files, and run them",
    "sweep": "say what a sweep would do, and how long it would take",
    "bench": "measure how fast a training is, and the machine could be",
    "reproduce": "train as a run did and compare the two",
    "runs": "list, show and compare runs; remove, prune, archive, tag and note them",
    "data": "look at data of your own; list, fetch, describe and check data sets",
    "models": "list and describe architectures",
    "cache": "list and remove fetched data sets and compiled programs",
    "doctor": "say what works on this machine, and what is missing",
    "completion": "print what a shell needs to complete these words at a TAB",
}

FILE, FOLDER, RUN, STUDY = "FILE", "FOLDER", "RUN", "STUDY"
DATA, MODEL, OWN_DATA, COMMAND = "DATA", "MODEL", "OWN_DATA", "COMMAND"
BOOL = ("true", "false")

Values = str | tuple[str, ...]
"""The values of a key, or the kind of thing that they are."""

FLAGS: Mapping[str, "Values"] = {
    "--json": (),
    "--plugin": FILE,
    "--timeout": (),
    "--wide": (),
    "--help": (),
    "--version": (),
}
"""Those of every command, each with the values that follow it."""
_CONFIG_FLAGS: dict[str, Values] = {
    "-cd": FOLDER,
    "-cn": (),
    "--cfg": ("job",),
    "--resolve": (),
    "--package": (),
}
_INFO: dict[str, Values] = {
    "--info": ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")
}


@dataclass(frozen=True)
class Grammar:
    """The words of a command.

    Args:
        words: what a word without a `=` may be; a tuple: one of these, and only the first word.
        keys: with their values; those of `configs` come from YAML.
        configs: primary configs whose groups and keys it takes.
        groups: those of a training whose keys it takes as well.
        flags: beside those of every command.
        actions: the words of its actions, where the first word names one.
    """

    words: Values = ()
    keys: Mapping[str, Values] = field(default_factory=dict)
    configs: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    flags: Mapping[str, Values] = field(default_factory=dict)
    actions: "Mapping[str, Grammar]" = field(default_factory=dict)


_RUNS_DIR: dict[str, Values] = {"runs_dir": FOLDER}
_STUDY: dict[str, Values] = {"study": STUDY, "storage": (), **_RUNS_DIR}
_OWN_DATA: dict[str, Values] = {
    "path": FILE,
    "label_column": (),
    "target": ("label", "labels", "numbers"),
    "columns": (),
    "ignore_columns": (),
    "delimiter": ("auto", "comma", "semicolon", "tab", "pipe"),
    "header": BOOL,
    "quotes": BOOL,
    "encoding": (),
    "decimal": ("point", "comma"),
    "files": ("txt", "all"),
}
"""The keys of `data=` that are typed most where data are looked at."""
_OF_RUN = ("data", "runtime")
STATUSES = (
    *("completed", "interrupted", "failed", "diverged", "gate_not_met", "pruned"),
    *("running", "killed", "damaged"),
)
"""A copy of those of `fmtool.runs.records`, which takes longer to import than a TAB may."""
_FILTERS: dict[str, Values] = {
    "status": STATUSES,
    "model": MODEL,
    "data": DATA,
    "tag": (),
    "name": (),
    "experiment": (),
}
_LIST: dict[str, Values] = {
    **_RUNS_DIR,
    **_FILTERS,
    "sort": ("start", "score", "seconds"),
    "limit": (),
}
_CHANGED: dict[str, Values] = {**_RUNS_DIR, **_FILTERS}
_YES: dict[str, Values] = {"yes": BOOL}

GRAMMARS: Mapping[str, Grammar] = {
    "train": Grammar(configs=("train",), flags=_CONFIG_FLAGS | _INFO | {"-m": ()}),
    "bench": Grammar(configs=("bench",), flags=_CONFIG_FLAGS | _INFO),
    "sweep": Grammar(
        actions={"plan": Grammar(configs=("train", "sweep"), flags={"-cd": FOLDER, "-cn": ()})}
    ),
    "tune": Grammar(
        configs=("tune", "train"),
        flags=_CONFIG_FLAGS,
        actions={
            "worker": Grammar(keys=_STUDY, flags={"-cd": FOLDER}),
            "status": Grammar(keys=_STUDY),
            "best": Grammar(keys=_STUDY | {"output": FILE}),
            "importance": Grammar(keys=_STUDY),
            "plot": Grammar(keys=_STUDY | {"output": FOLDER}),
            "board": Grammar(keys=_STUDY | {"output": FOLDER}),
            "export": Grammar(keys=_STUDY | {"output": FILE}),
            "retry": Grammar(keys=_STUDY),
            "confirm": Grammar(keys=_STUDY | {"top": (), "seeds": (), "defaults": BOOL}),
            "dashboard": Grammar(keys=_STUDY | {"port": ()}),
        },
    ),
    "evaluate": Grammar(words=RUN, configs=("evaluate",), groups=_OF_RUN, flags={"-cd": FOLDER}),
    "export": Grammar(words=RUN, configs=("export",), groups=_OF_RUN, flags={"-cd": FOLDER}),
    "predict": Grammar(
        words=RUN,
        keys={"model": FILE},
        configs=("predict",),
        groups=("runtime",),
        flags={"-cd": FOLDER},
    ),
    "verify": Grammar(words=FILE, keys={"run": BOOL, "threads": ()}),
    "reproduce": Grammar(
        words=RUN, keys={"run": RUN, "want": ("close", "equal"), "tolerance": (), **_RUNS_DIR}
    ),
    "runs": Grammar(
        keys=_LIST,
        flags={"--csv": ()},
        actions={
            "list": Grammar(keys=_LIST, flags={"--csv": ()}),
            "show": Grammar(words=RUN, keys=_RUNS_DIR),
            "compare": Grammar(words=RUN, keys=_RUNS_DIR, flags={"--csv": ()}),
            "rm": Grammar(words=RUN, keys=_CHANGED | _YES),
            "prune": Grammar(words=RUN, keys=_CHANGED | {"keep": ("best", "last")} | _YES),
            "archive": Grammar(
                words=RUN, keys=_CHANGED | {"output": FOLDER, "remove": BOOL} | _YES
            ),
            "tag": Grammar(words=RUN, keys=_CHANGED | {"add": (), "remove": ()}),
            "note": Grammar(words=RUN, keys=_RUNS_DIR),
        },
    ),
    "data": Grammar(
        actions={
            "inspect": Grammar(
                keys={"output": FILE, "data": DATA, **_OWN_DATA}, flags={"-cd": FOLDER}
            ),
            "list": Grammar(),
            "fetch": Grammar(words=DATA, keys={"source": ("auto", "cache", "official", "mirror")}),
            "info": Grammar(words=DATA),
            "check": Grammar(words=DATA, keys=_OWN_DATA, flags={"-cd": FOLDER}),
        }
    ),
    "models": Grammar(words=MODEL, keys={"shape": (), "vocabulary": (), "classes": ()}),
    "cache": Grammar(
        actions={
            "list": Grammar(),
            "rm": Grammar(words=DATA, keys={"yes": BOOL}),
        }
    ),
    "doctor": Grammar(
        keys={"backends": ("tensorflow", "jax", "torch", "none"), "runs_dir": FOLDER}
    ),
    "completion": Grammar(words=("bash", "zsh", "fish")),
    "help": Grammar(words=COMMAND),
}

VALUES: Mapping[str, Values] = {
    "run": RUN,
    "resume": RUN,
    "study": STUDY,
    "runs_dir": FOLDER,
    "input": FILE,
    "output": FILE,
    "predictions": FILE,
    "bundle": FILE,
    "model_file": FILE,
    "split": ("auto", "test", "validation", "train", "all"),
    "tta": ("none", "flip", "flip_translate"),
    "on_divergence": ("stop", "rollback"),
    "runtime.backend": ("tensorflow", "jax", "torch", "auto"),
    "runtime.device": ("auto", "cpu", "gpu"),
    "runtime.precision": ("auto", "float32", "bfloat16", "float16"),
    "format": ("keras", "saved_model", "onnx", "litert", "openvino", "torch", "all"),
    "quantization": ("none", "float16", "dynamic", "int8", "all"),
}
"""The values that completion offers for keys whose default does not show them."""
PATH_ENDINGS = ("_dir", ".path", ".tokenizer", ".vectors")
