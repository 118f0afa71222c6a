"""Each fix that is a command or a key is typed after the error that names it, and mends it."""

import importlib.metadata
import importlib.util
import json
import shlex
import shutil
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import small_onnx
from packaging.requirements import Requirement
from PIL import Image
from studies import Study, complete
from two_numbers import Measured as Measurement
from two_numbers import TwoNumbers
from typed_fixes import ROOT, Case, found, matches, told

from fmtool import backend, matching, options, validate
from fmtool.compat import private
from fmtool.config import arguments, compose, user_defaults
from fmtool.config import sweep as grammar
from fmtool.data import arrays, cifar10, fashion_mnist
from fmtool.data.fetching import acquire
from fmtool.data.splitting import loading
from fmtool.data.splitting.measured import Measured
from fmtool.data.tokenization import text_config
from fmtool.elements import Features, Pixels, Tokens
from fmtool.errors import FmtoolError
from fmtool.evaluation import samples, task_of_run, views
from fmtool.export import formats, plan, runtimes
from fmtool.machine import installed
from fmtool.prediction import bundle as bundles
from fmtool.prediction import results
from fmtool.runs.find import find
from fmtool.runs.run import Run
from fmtool.targets import Label, Numbers
from fmtool.tasks.shared.serving import PredictOptions
from fmtool.training import session
from fmtool.training.memory import batch_size
from fmtool.tuning import cluster, experiment_file, sampling, storage
from fmtool.tuning.definition import read_definition, require_same

RUN = "2026-01-01_000000_mlp_digits_abcdef"
STUDY = ("data=digits", "model=mlp", "model.dropout=0..0.5", "tune.plots=false")
IMAGE = Pixels((8, 8, 3))


class Place:
    """A folder with data, a model, a run that began, and what the command is asked there."""

    def __init__(self, folder, call, monkeypatch):
        self.folder, self.call, self.monkeypatch = folder, call, monkeypatch
        self.studies = None
        for label in ("a", "b"):
            for number in range(4):
                picture(folder / "pictures" / label / f"{number}.png", (40 * number, 9, 0))
        small_onnx.write(folder / "image.onnx", "image", (4, 4, 3))
        run = folder / "runs" / RUN
        run.mkdir(parents=True)
        (run / "config.yaml").write_text(json.dumps({"model": {"name": "mlp"}}))

    def config(self, *words):
        """The config that `fmtool train` would begin with."""
        prepared = [arguments.prepare(word) for word in words]
        return validate.train_config(compose.compose("train", prepared))

    def load(self, *words):
        cfg = self.config(*words)
        return loading.load(cfg.data, seed=cfg.seed)

    def fit(self, element, *words):
        matching.require_fit(self.config(*words).model, element)

    def match(self, kind, *words):
        matching.require_matching(self.config(*words), kind)

    def definition(self, *words):
        return Study(self.folder / "runs", (*STUDY, *words)).definition

    def put_study(self, name):
        """A copy of one that was made before, as `s`."""
        shutil.copytree(self.studies / name, self.folder / "runs" / "studies" / "s")

    def without(self, *names):
        """Nothing of these names can be imported."""
        there = importlib.util.find_spec

        def find(name, *rest):
            return None if name in names or not names else there(name, *rest)

        self.monkeypatch.setattr(importlib.util, "find_spec", find)
        for module in [*sys.modules.values()]:
            if getattr(module, "__name__", "").startswith("fmtool.") and hasattr(
                module, "find_spec"
            ):
                self.monkeypatch.setattr(module, "find_spec", find)


def picture(path, colour, size=(4, 4), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour if mode == "RGB" else colour[0]).save(path)


def words(file, fix, before, after, run=Place.config, *, says=""):
    """A case of overrides, which `run` takes."""
    says = says or tuple(each for each in after if each not in before)
    return Case(file, fix, lambda at: run(at, *before), lambda at: run(at, *after), says=says)


def installs(file, names, before):
    """A case of a fix that installs what `extras.install` is asked for."""
    call = names if "(" in names else f"extras.install({names})"
    return Case(file, f"pip install {{{call}}}", before, None)


def of_export(at, *given):
    """The files that `fmtool export` would make."""
    values = dict(word.split("=", 1) for word in given)
    any_size = values.pop("export.any_size", "false") == "true"
    chosen = {"benchmark": False, "format": [], "quantization": ["none"]}
    chosen |= {key: [each for each in text.strip("[]").split(",") if each]
               for key, text in values.items()}  # fmt: skip
    size = type("Size", (), {"any_size": any_size})
    return plan.targets(type("Asked", (), {**chosen, "export": size}))


def other_sizes(at, *given):
    picture(at.folder / "pictures" / "b" / "wide.png", (1, 2, 3), (8, 4))
    return at.load(*given)


def other_modes(at, *given):
    picture(at.folder / "pictures" / "b" / "grey.png", (1, 2, 3), mode="L")
    return at.load(*given)


def with_test_split(at, *given):
    for split in ("train", "test"):
        for label in ("a", "b"):
            for number in range(3):
                place = at.folder / "split" / split / label / f"{number}.png"
                picture(place, (len(split) * 9, ord(label), number))
    return at.load("data=image_folder", "data.path=split", *given)


def deep(mode, at, *given):
    for label, first in (("a", 1), ("b", 9)):
        for number in range(4):
            path = at.folder / "deep" / label / f"{number}.{'tiff' if mode == 'F' else 'png'}"
            path.parent.mkdir(parents=True, exist_ok=True)
            values = np.full((4, 4), 1000 * first + number)
            if mode == "F":
                Image.fromarray(values.astype(np.float32)).save(path)
            else:
                Image.fromarray(values.astype(np.uint16)).save(path, transparency=1)
    return at.load("data=image_folder", "data.path=deep", *given)


def reflected(at, *given):
    from fmtool.augment.stages import shifted_gather

    return shifted_gather.stage(at.config(*given).augment, (8, 8, 1))


def unmixable(at, *given):
    session.require_mixable(at.config(*given), TwoNumbers(Numbers(("a", "b"), (2,))))


def not_averaged(at, *given):
    cfg = at.config(*given)
    task_of_run.require_views(cfg.tta, cfg.task, Measurement(Numbers(("a", "b"), (2,))))


def unnamed(first, at, *given):
    rows = "".join(f"a film of number {number},{'pn'[number % 2]}os\n" for number in range(12))
    (at.folder / "t.csv").write_text(f"{first},pos\n{rows}")
    return at.load(*TEXT, "model=bag", *given)


def named_by_keras(given):
    """A config where KERAS_BACKEND names what cannot train."""

    def config(at):
        at.monkeypatch.setenv("KERAS_BACKEND", "numpy")
        return user_defaults.with_backend(compose.compose("train", [*given]), given)

    return config


def pruned_without_a_model(at):
    run = at.folder / "runs" / RUN
    result = {"schema_version": 1, "run": RUN, "exit_code": 0, "epochs": 1, "steps": 1}
    result |= {"status": "completed", "best": None, "error": None, "non_finite": []}
    (run / "result.json").write_text(json.dumps({**result, "seconds": 1.0, "metrics": {}}))
    for step in (1, 2):
        (run / "checkpoints" / f"step-{step}").mkdir(parents=True)
    return at.call("runs", "prune", RUN, "yes=true")


def last_of_a_sweep(at):
    run = at.folder / "runs" / RUN
    (run / "manifest.json").write_text(json.dumps({"extra": {"sweep": "s"}}))
    return find("last", at.folder / "runs")


def listed(at, *given):
    rows = (f"pictures/{label}/{number}.png,{label}\n" for label in "ab" for number in range(4))
    (at.folder / "l.csv").write_text("".join(rows))
    return at.load("data=image_folder", "data.path=l.csv", *given)


def own(at, *given):
    """A data set as `fmtool data check` loads it, whatever learns its target."""
    chosen = [arguments.prepare(word) for word in given]
    cfg = validate.option("data", compose.compose("train", chosen)["data"])
    return options.data(cfg.name).load(cfg)


def counted(at, *given):
    np.savez(at.folder / "c.npz", x=np.ones((9, 2)), y=np.arange(18).reshape(9, 2))
    return own(at, *given)


def numbers(at, *given):
    small_onnx.write(at.folder / "numbers.onnx", "features", (3,))
    (at.folder / "n.csv").write_text("1,2,3\n4,5,6\n")
    return at.call("predict", "model=numbers.onnx", "input=n.csv", *given)


def counted_rows(at, *given):
    rows = "".join(f"{number},{number * 7},{number % 2}\n" for number in range(3, 30))
    (at.folder / "r.csv").write_text(rows)
    return at.load("data=table", "data.path=r.csv", "model=mlp", *given)


def with_commas(at, *given):
    rows = "".join(f"{number},5;{number % 7},25;{'pn'[number % 2]}\n" for number in range(30))
    (at.folder / "d.csv").write_text(f"a;b;class\n{rows}")
    return at.load("data=table", "data.path=d.csv", "model=mlp", *given)


def asked_with_commas(at, *given):
    small_onnx.write(at.folder / "numbers.onnx", "features", (3,))
    (at.folder / "c.csv").write_text("a;b;c\n1,5;2;3\n")
    return at.call("predict", "model=numbers.onnx", "input=c.csv", *given)


def called_otherwise(at, *given):
    x, y = np.ones((30, 2)), np.arange(30)[:, np.newaxis] % 2
    np.savez(at.folder / "o.npz", train_images=x, train_labels=y)
    return at.load("data=arrays", "data.path=o.npz", "model=mlp", *given)


def without_ending(at):
    for label in ("pos", "neg"):
        place = at.folder / "letters" / label
        place.mkdir(parents=True, exist_ok=True)
        for number in range(4):
            (place / str(number)).write_text(f"a {label} text {number}")


def letters(at, *given):
    without_ending(at)
    (at.folder / "letters" / "pos" / "more.txt").write_text("one more")
    return at.load("data=text", "data.path=letters", "model=bag", *given)


def in_latin_1(at, *given):
    rows = "".join(f"caf\xe9 {number},{'pn'[number % 2]}\n" for number in range(12))
    (at.folder / "t.csv").write_bytes(f"text,label\n{rows}".encode("latin-1"))
    return at.load(*TEXT, "model=bag", *given)


def looked_at(at, *given):
    without_ending(at)
    return at.call("data", "inspect", "path=letters", *given)


def effect(at, *given):
    cfg = at.config("data=digits", *given)
    for each in (cfg.optimizer, cfg.schedule):
        each.require_effect(steps_per_epoch=1, epochs=cfg.epochs)


def quoted(at, *given):
    rows = [f'good "film {number},pos\nbad film {number},neg\n' for number in range(9)]
    (at.folder / "t.csv").write_text('text,label\n"open,pos\n' + "".join(rows))
    return at.load(*TEXT, "model=bag", *given)


def no_backend(at):
    at.monkeypatch.setitem(sys.modules, "keras", None)
    backend._import_keras(at.config("runtime.backend=torch").runtime, 1)


def no_gpu(at, *given):
    at.monkeypatch.setattr("fmtool.machine.devices.gpus", lambda *_: [])
    backend._resolve_device(at.config("runtime.backend=torch", *given).runtime)


def without_format(at):
    at.monkeypatch.setattr(formats, "_missing", lambda name: ["it"])
    for name in formats.NAMES:
        try:
            formats.require_installed(name)
        except FmtoolError as error:
            require_installable(error.fix)
    formats.require_installed("onnx")


def without_runtime(at):
    at.monkeypatch.setattr(runtimes, "runs_here", lambda name: False)
    runtimes.open_model(at.folder / "image.onnx", threads=1)


def without_any_runtime(at):
    at.monkeypatch.setattr(runtimes, "runs_here", lambda name: False)
    bundles._choice(["onnx/model.onnx", "torch/model.pt2"], None, Path("b.zip"))


def without_any_format(at):
    at.monkeypatch.setattr(formats, "is_installed", lambda name: False)
    return of_export(at, "format=all")


def labels_alone(at):
    said = small_onnx.metadata("features", (3,), outputs=("label",))
    results.require_possible(said, PredictOptions(top=2), origin="model")


def network_file_system(at):
    at.monkeypatch.setattr(storage, "_file_system", lambda path: "nfs4")
    storage.check(f"sqlite:///{at.folder}/s.db")


def no_folder_of_ours(at):
    from optuna import create_study

    url = f"sqlite:///{at.folder}/s.db"
    create_study(storage=url, study_name="s")
    assert at.call("tune", "status", "study=s", f"storage={url}").code == 2
    return at.call("tune", "status", "study=s", f"storage={url}")


def killed_run(at):
    whole = compose.compose("train", ["data=digits", "model=mlp"])
    (at.folder / "runs" / RUN / "config.yaml").write_text(compose.dump(whole))
    return at.call("reproduce", "last")


def split_of(name, at):
    return samples._of_run(name, at.load("data=digits", "data.validation_fraction=0"), ())


def tune_config(at, *given):
    asked = Study(at.folder / "runs", (*STUDY, "study=s"))
    own = [arguments.prepare(word) for word in (f"runs_dir={at.folder}/runs", *given)]
    from fmtool.tuning import config

    cluster.check(config.tune_config(compose.compose("tune", own)))
    return asked


ARRAYS = ("data=arrays", "data.path=x.npz")
TEXT = ("data=text", "data.path=t.csv")
TREE = ("data=image_folder", "data.path=pictures")
PREDICT = ("predict", "model=image.onnx", "input=pictures")
TUNE = ("tune", *STUDY, "dry_run=true")
ANY = {"code": None}

CASES = (
    Case("cli/completion.py",
         "write fmtool completion bash, fmtool completion zsh or fmtool completion fish",
         ("completion",), ("completion", "bash")),
    Case("fmtool/config/arguments.py", "fmtool completion {shell} prints what the shell needs",
         ("train", "-sc", "install=bash"), ("completion", "bash")),
    Case("fmtool/config/arguments.py",
         "write group=option or key=value, such as epochs=3; see `fmtool train --help`",
         ("train", "epochs"), lambda at: at.config("epochs=3"), says="epochs=3"),
    Case("fmtool/config/compose.py", "fmtool data inspect path={text} says how to train on it",
         ("train", "data=./pictures"), ("data", "inspect", "path=./pictures")),
    words("fmtool/config/compose.py", "write {group}=NAME, one of {', '.join(options(group))}",
          ("model=./image.onnx",), ("model=mlp",)),
    Case("fmtool/safety/addresses.py", "write {key}={found['place']}",
         ("data", "inspect", "path=file://pictures"), ("data", "inspect", "path=pictures")),
    Case("fmtool/safety/addresses.py", "copy it here, or mount it, and write {key}=PATH",
         ("data", "inspect", "path=s3://bucket/pictures"), ("data", "inspect", "path=pictures")),
    Case("fmtool/config/user_defaults.py", "or unset it; {KEY}=NAME is heard first",
         named_by_keras(()), named_by_keras(("runtime.backend=jax",)),
         says="runtime.backend=jax"),
    Case("fmtool/runs/find.py", "name one of those that `fmtool runs` lists",
         last_of_a_sweep, ("runs",), says="fmtool runs"),
    Case("cli/cache.py", "name one of `fmtool cache`, or all",
         ("cache", "rm"), ("cache",), says="fmtool cache"),
    Case("cli/runs_change.py", "fmtool runs note last 'TEXT'",
         ("runs", "note"), ("runs", "note", "last", "TEXT")),
    Case("cli/runs_change.py", "name one, or write a filter such as tag=NAME",
         ("runs", "rm"), ("runs", "rm", "tag=x")),
    Case("cli/runs_change.py", "write add=NAME or remove=NAME",
         ("runs", "tag", "last"), ("runs", "tag", "last", "add=x")),
    Case("cli/runs_change.py", "write {key}=true",
         ("runs", "rm", "last", "yes=1"), ("runs", "rm", "last", "yes=true")),
    Case("fmtool/runs/housekeeping.py", "write keep=last",
         pruned_without_a_model, ("runs", "prune", RUN, "keep=last", "yes=true"),
         says="keep=last"),
    Case("fmtool/runs/selection.py", "write {key}=0.9",
         ("runs", "min.accuracy=x"), ("runs", "min.accuracy=0.9")),
    Case("cli/data.py", "fmtool data --help", ("data", "list", "x"), ("data", "--help")),
    Case("cli/data.py", "fmtool data list shows them", ("data", "fetch"), ("data", "list")),
    Case("cli/data_inspect.py", "write path=FOLDER or path=FILE",
         ("data", "inspect"), ("data", "inspect", "path=pictures")),
    Case("cli/data_inspect.py", "write path={key}",
         ("data", "inspect", "pictures"), ("data", "inspect", "path=pictures")),
    Case("cli/data_inspect.py", "write {key}=PATH",
         ("data", "inspect", "path="), ("data", "inspect", "path=pictures")),
    Case("cli/models.py", "fmtool models --help", ("models", "cnn", "x"), ("models", "--help")),
    Case("cli/run_command.py", "see fmtool {command} --help",
         ("evaluate", "-m", "run=last"), ("evaluate", "--help")),
    Case("cli/predict.py", "leave it out, or write threads=N",
         (*PREDICT, "runtime.threads=1"), (*PREDICT, "threads=1")),
    Case("cli/reproduce.py", "see fmtool reproduce --help",
         ("reproduce", "--x"), ("reproduce", "--help")),
    Case("cli/runs.py", "fmtool runs show last", ("runs", "show"), ("runs", "show", "last")),
    Case("cli/sweep.py", "ask fmtool train",
         ("sweep", "plan", "--info", "defaults"), ("train", "--help"), says="fmtool train"),
    Case("cli/tune.py", "leave out -m, or sweep a fixed list with fmtool train -m",
         (*TUNE, "-m"), TUNE, says="leave out -m"),
    installs("cli/tune_dashboard.py", "'optuna-dashboard'",
             lambda at: (at.without("optuna_dashboard"),
                         at.call("tune", "dashboard", "study=s"))[1]),
    Case("cli/tune_report.py", "see fmtool tune status study={request.name}",
         ("tune", "best", "study=s"), ("tune", "status", "study=s")),
    Case("cli/tune_study.py", "begin one with fmtool tune, or name study=",
         ("tune", "status", "runs_dir=none"), TUNE, says="fmtool tune"),
    Case("cli/tune_study.py", "see fmtool tune --help",
         ("tune", "status", "-m"), ("tune", "--help")),
    Case("cli/tune_worker.py",
         "write fmtool tune worker study=NAME storage=URL, as the command that began it says",
         ("tune", "worker"),
         ("tune", "worker", "study=s", "storage=sqlite:///runs/studies/s/study.db")),
    Case("cli/verify.py", "fmtool verify BUNDLE, one at a time", ("verify",), ("verify", "b.zip"),
         says="fmtool verify", **ANY),
    Case("cli/verify.py", "write run=true or run=false",
         ("verify", "b.zip", "run=1"), ("verify", "b.zip", "run=false"), **ANY),
    words("fmtool/augment/stages/shifted_gather.py",
          "set augment.crop_padding below {smallest} or augment.padding_mode=zeros",
          ("augment=flip_crop", "augment.padding_mode=reflect", "augment.crop_padding=9"),
          ("augment=flip_crop", "augment.padding_mode=zeros", "augment.crop_padding=9"),
          reflected),
    words("fmtool/backend.py",
          "check the driver, {command}, or runtime.device=cpu",
          ("runtime.device=gpu",), ("runtime.device=cpu",), no_gpu),
    Case("fmtool/backend.py",
             "{extras.install(cfg.backend)}, or runtime.backend={choices}", no_backend, None),
    words("fmtool/config/arguments.py", "write {_NAMED_BY_USERS}='{\"{name}\": {value}}'",
          ("task.class_weights.a,b=2",), ('task.class_weights={"a,b": 2}',)),
    words("fmtool/config/compose.py", "write {key}=NAME, one of {', '.join(options(key))}",
          ("model=3",), ("model=mlp",)),
    words("fmtool/config/explain.py",
          "write key=[a,b] for a list, or add -m to run one after another",
          ("model.filters=8,16",), ("model.filters=[8,16]",), says="key=[a,b]"),
    Case("fmtool/config/explain.py", "see `fmtool train --help` for examples of overrides",
         ("train", "epochs=[1"), ("train", "--help")),
    Case("fmtool/config/sweep.py", "see `fmtool train --help` for the grammar of overrides",
         lambda at: grammar.value("epochs=[1"), ("train", "--help")),
    Case("fmtool/config/sweep.py", "write {key}=a,b,c or {key}=range(start,stop,step)",
         ("sweep", "plan", "-m", "data=digits", "epochs=interval(1,3)"),
         ("sweep", "plan", "-m", "data=digits", "epochs=range(1,3,1)"), says="epochs=range("),
    words("fmtool/data/fetching/acquire.py", "use data.source=official",
          ("data=fashion_mnist", "data.source=mirror"),
          ("data=fashion_mnist", "data.source=official"),
          lambda at, *given: at.config(*given).data.source == "official"
          or acquire._from_mirror(replace(fashion_mnist.recipe(), mirror=None), at.folder)),
    Case("fmtool/data/fetching/catalog.py", "fmtool data check {name} path=PATH",
         ("data", "fetch", "mr"), ("data", "check", "mr", "path=pictures"), **ANY),
    Case("fmtool/data/fetching/catalog.py",
         "fmtool data check {name} path=PATH, or train with data={name} data.path=PATH",
         ("data", "info", "image_folder"), ("data", "check", "image_folder", "path=pictures")),
    words("fmtool/data/cifar10.py", "use data.source=official",
          ("data=cifar10", "data.source=mirror"), ("data=cifar10", "data.source=official"),
          lambda at, *given: at.config(*given).data.source == "official"
          or cifar10._decode_labels(b"x", origin="labels.json")),
    words("fmtool/data/reading/delimited.py",
          "double a quote within quotes, and close each; or set data.quotes=false",
          ("data.delimiter=comma",), ("data.delimiter=comma", "data.quotes=false"), quoted),
    words("fmtool/data/reading/picture_columns.py",
          "name the columns in the first line, or set data.{key}_column, with data.header=false "
          "if there is no such line",
          (), ("data.header=false", "data.path_column=0", "data.label_column=1"),
          listed, says=("data.path_column", "data.header=false")),
    words("fmtool/data/reading/array_targets.py",
          "set data.target=numbers, or give one class number for each sample",
          ("data=arrays", "data.path=c.npz"),
          ("data=arrays", "data.path=c.npz", "data.target=numbers"), counted),
    words("fmtool/data/reading/target_columns.py",
          "name a table by data.path, or set data.target=label data.label_columns=null",
          (*TREE, "data.target=labels"), (*TREE, "data.target=label"), own),
    words("fmtool/data/reading/table_checks.py",
          "set data.header=false {keys}, or data.header=true if it names the column",
          ("data.text_column=a film", "data.label_column=pos"),
          ("data.header=false", "data.text_column=0", "data.label_column=1"),
          partial(unnamed, "a film")),
    words("fmtool/data/reading/number_columns.py",
          "set data.header=false data.label_column={len(found) - 1}, or another number of the "
          "column that is learnt",
          (), ("data.header=false", "data.label_column=2"), counted_rows),
    words("fmtool/data/reading/number_rows.py", "set data.decimal=comma",
          (), ("data.decimal=comma",), with_commas),
    words("fmtool/prediction/number_tables.py", "set data.decimal=comma",
          (), ("data.decimal=comma",), asked_with_commas),
    words("fmtool/data/reading/array_names.py", "set data.x={others.x} data.y={others.y}",
          (), ("data.x=images", "data.y=labels"), called_otherwise),
    words("fmtool/data/reading/text_files.py",
          "remove it, or set data.files=all where it is a text",
          (), ("data.files=all",), letters),
    words("fmtool/data/reading/text_lines.py",
          "save it as UTF-8, or name its encoding, such as data.encoding=latin-1",
          (), ("data.encoding=latin-1",), in_latin_1),
    Case("fmtool/data/inspection/unknown.py",
         "if they are texts: fmtool data inspect {word} data=text",
         looked_at, lambda at: looked_at(at, "data=text"),
         says="fmtool data inspect path=letters data=text"),
    words("fmtool/data/splitting/local_splits.py", "data.folds=null data.fold=0",
          ("data.folds=3", "data.fold=1"), ("data.folds=null", "data.fold=0"), with_test_split),
    words("fmtool/data/reading/picture_files.py", "set data.color=rgb or data.color=grayscale",
          TREE, (*TREE, "data.color=rgb"), other_modes),
    words("fmtool/data/reading/picture_files.py", "set data.resize=[HEIGHT,WIDTH]",
          TREE, (*TREE, "data.resize=[4,4]"), other_sizes),
    words("fmtool/data/reading/picture_modes.py",
          "set data.background=none to drop the transparency, or save it without",
          ("data.background=white",), ("data.background=none",), partial(deep, "I")),
    words("fmtool/data/reading/picture_modes.py", "set data.levels=auto",
          ("data.levels=upper",), ("data.levels=auto",), partial(deep, "F")),
    words("fmtool/data/splitting/selection.py",
          "raise data.validation_fraction, data.limit or data.fraction, "
          "or set data.validation_fraction=0",
          ("data=digits", "data.limit=20", "data.validation_fraction=0.01"),
          ("data=digits", "data.limit=20", "data.validation_fraction=0"), Place.load),
    Case("fmtool/compat/private.py", "pip install '{package}{versions}'",
         lambda at: private.require("pytest", ">=1", ["pytest.gone"]), None),
    installs("fmtool/data/tokenization/text_config.py", "'tokenizers'",
             lambda at: (at.without("tokenizers"), text_config.require_library())),
    words("fmtool/evaluation/task_of_run.py", "tta=none", ("tta=flip",), ("tta=none",),
          not_averaged),
    words("fmtool/evaluation/views.py", "choose tta=flip or tta=none",
          ("tta=flip_translate",), ("tta=flip",),
          lambda at, *given: views.require_possible(at.config(*given).tta, (1, 5, 1))),
    words("fmtool/data/arrays.py", "set data.columns=null for those of the file",
          (*ARRAYS, "data.columns=[a,c]"), (*ARRAYS, "data.columns=null"),
          lambda at, *given: arrays._columns(
              at.config(*given).data, ("a", "b"), Features((2,)), "x.npz")),
    Case("fmtool/data/splitting/measured.py", "split=all",
         lambda at: Measured(Label(("a",)), "train", "pictures").choose({"test": 3}),
         lambda at: Measured(Label(("a",)), "all", "pictures").choose({"test": 3}),
         says="split=all"),
    Case("fmtool/evaluation/samples.py", "evaluate split=test or split=train",
         partial(split_of, "validation"), partial(split_of, "test"), says="split=test"),
    installs("fmtool/export/formats/__init__.py", "*missing",
             without_format),
    Case("fmtool/export/plan.py",
         "leave it out, or write quantization={' or '.join(possible)}",
         lambda at: of_export(at, "format=keras", "quantization=int8"),
         lambda at: of_export(at, "format=keras", "quantization=none"), says="quantization=none"),
    Case("fmtool/export/plan.py",
         "leave export.any_size out, or write format={' or '.join(others)}, or "
         "quantization={' or '.join(possible)}",
         lambda at: of_export(at, "export.any_size=true", "format=litert", "quantization=int8"),
         lambda at: of_export(at, "export.any_size=true", "format=onnx", "quantization=int8"),
         says="format=onnx"),
    Case("fmtool/export/plan.py", "write format=onnx, or format=all",
         without_any_format, lambda at: of_export(at, "format=onnx"), says="format=onnx"),
    Case("fmtool/export/plan.py", "write {key}=all, or name one",
         lambda at: of_export(at, "format=[]"), lambda at: of_export(at, "format=all"),
         says="format=all"),
    installs("fmtool/export/runtimes/__init__.py", "module",
             without_runtime),
    installs("fmtool/machine/installed.py",
             "' or '.join((extras.install(name) for name in ('tensorflow', 'jax', 'torch')))",
             lambda at: installed.fastest((), (), is_convolutional=True)),
    words("fmtool/matching.py", "augment=none, without keys of its own",
          ("model=mlp", "augment=flip_crop"), ("model=mlp", "augment=none"),
          lambda at, *given: at.match("features", *given)),
    words("fmtool/matching.py", "choose model={', '.join(others)}, or other data",
          (*TEXT, "model=cnn"), (*TEXT, "model=bag")),
    words("fmtool/matching.py", "tta=none", ("model=mlp", "tta=flip"), ("model=mlp", "tta=none"),
          lambda at, *given: at.match("features", *given)),
    words("fmtool/models/airbench.py",
          "use fewer model.widths or another model, such as model=cnn",
          ("model=airbench",), ("model=cnn",), lambda at, *given: at.fit(IMAGE, *given)),
    words("fmtool/models/application.py", "choose another model, such as model=resnet",
          ("model=application", "model.size=64"), ("model=resnet",),
          lambda at, *given: at.fit(Pixels((64, 64, 4)), *given)),
    words("fmtool/models/application.py", "write model.size={smallest} to resize them first",
          ("model=application",), ("model=application", "model.size=32"),
          lambda at, *given: at.fit(IMAGE, *given)),
    words("fmtool/models/cnn.py", "use fewer blocks, model.padding=same or model.pooling=none",
          ("model=cnn", "model.filters=[8,8,8,8,8]"),
          ("model=cnn", "model.filters=[8,8,8,8,8]", "model.pooling=none"),
          lambda at, *given: at.fit(IMAGE, *given)),
    words("fmtool/models/layers/keys.py",
          "choose model=mlp, or give numbers in an order one channel: (steps, 1)",
          ("model=rnn",), ("model=mlp",), lambda at, *given: at.fit(Features((5,)), *given)),
    words("fmtool/models/layers/keys.py", "model.embedding_dim=null, or {width}",
          (*TEXT, "model=bag", "model.embedding_dim=3"),
          (*TEXT, "model=bag", "model.embedding_dim=null"),
          lambda at, *given: at.fit(Tokens((8,), 9, np.zeros((9, 5), np.float32)), *given)),
    words("fmtool/models/layers/keys.py", "model.train_embedding=true, or data with vectors",
          (*TEXT, "model=bag", "model.train_embedding=false"),
          (*TEXT, "model=bag", "model.train_embedding=true"),
          lambda at, *given: at.fit(Tokens((8,), 9), *given)),
    words("fmtool/optimizers/base.py", "add optimizer.use_ema=true",
          ("optimizer.ema_overwrite_frequency=2",),
          ("optimizer.ema_overwrite_frequency=2", "optimizer.use_ema=true"), effect),
    words("fmtool/optimizers/base.py",
          "epochs={math.floor(end) + 1} or more, or an earlier end",
          ("epochs=4", "++optimizer.freeze_after={logits:4}"),
          ("epochs=5", "++optimizer.freeze_after={logits:4}"), effect),
    words("fmtool/optimizers/base.py", "{shorter}epochs={-(-period // steps_per_epoch)}",
          ("epochs=4", "optimizer.lookahead_steps=5"),
          ("epochs=5", "optimizer.lookahead_steps=5"), effect),
    words("fmtool/schedules/base.py",
          "epochs={math.floor(begin) + 1} or more, or a smaller schedule.{key}",
          ("epochs=4", "schedule=step", "schedule.drop_epochs=4"),
          ("epochs=5", "schedule=step", "schedule.drop_epochs=4"), effect),
    words("fmtool/prediction/number_tables.py",
          "write a line with their names above, or set data.header=false",
          (), ("data.header=false",), numbers),
    installs("fmtool/prediction/bundle.py",
             "' or '.join((extras.install(each) for each in needed))", without_any_runtime),
    Case("fmtool/prediction/pictures.py",
         "set data.color={'rgb' if expected[2] == 3 else 'grayscale'}",
         lambda at: (picture(at.folder / "g" / "g.png", (9, 9, 9), mode="L"),
                     at.call(*PREDICT[:2], "input=g", "data.color=auto"))[1],
         (*PREDICT[:2], "input=g", "data.color=rgb"), says="data.color=rgb"),
    Case("fmtool/prediction/pictures.py", "set data.resize_mode=stretch, crop or pad",
         lambda at: (picture(at.folder / "w" / "w.png", (9, 9, 9), (8, 6)),
                     at.call("predict", "model=image.onnx", "input=w"))[1],
         ("predict", "model=image.onnx", "input=w", "data.resize_mode=stretch"),
         says="data.resize_mode=stretch"),
    Case("fmtool/tasks/shared/label_serving.py",
         "export it with include=probabilities, or leave out top= and probabilities=",
         labels_alone, ("export", "run=none", "include=probabilities"),
         says="include=probabilities", **ANY),
    Case("fmtool/tasks/shared/label_serving.py", "top={classes} or fewer",
         (*PREDICT, "top=9"), (*PREDICT, "top=3")),
    Case("fmtool/prediction/workflow.py",
         "give it one of these endings, or write output_format=csv or jsonl",
         (*PREDICT, "output=o.txt"), (*PREDICT, "output=o.txt", "output_format=csv")),
    Case("fmtool/runs/find.py", "see `fmtool runs`", ("runs", "show", "./pictures"), ("runs",)),
    Case("fmtool/runs/find.py", "see `fmtool runs` for those there are",
         ("runs", "show", "./none"), ("runs",)),
    Case("fmtool/runs/find.py", "start one with `fmtool train`",
         ("runs", "show", "last", "runs_dir=pictures"), lambda at: at.config(),
         says="fmtool train"),
    Case("fmtool/runs/run.py", "see `fmtool runs` for those there are",
         lambda at: Run.open(at.folder / "none"), ("runs",)),
    Case("fmtool/sweeping/jobs.py", "write resume={AUTO}, or leave out -m",
         ("sweep", "plan", "-m", "data=digits", "epochs=1,2", f"resume={RUN}"),
         ("sweep", "plan", "-m", "data=digits", "epochs=1,2", "resume=auto")),
    words("fmtool/training/session.py", "augment.mixup=0 augment.cutmix=0",
          ("augment.mixup=0.2",), ("augment.mixup=0", "augment.cutmix=0"), unmixable),
    Case("fmtool/training/memory/batch_size.py", "run with batch_size={cfg.batch_size} to see why",
         lambda at: batch_size._judged("", 1, at.config("batch_size=32")),
         lambda at: at.config("batch_size=32"), says="batch_size=32"),
    Case("fmtool/training/reproduce.py", "resume it first: fmtool train resume={original.root}",
         killed_run, ("train", f"resume=runs/{RUN}"),
         says=f"fmtool train resume=runs/{RUN}", **ANY),
    installs("fmtool/tuning/cluster/__init__.py", "package",
             lambda at: (at.without("submitit"), tune_config(at, "tune/cluster=slurm"))),
    words("fmtool/tuning/cluster/__init__.py",
          "write storage=journal:///SHARED/FOLDER/FILE or storage=postgresql://HOST/DATABASE",
          ("tune/cluster=slurm",), ("tune/cluster=slurm", "storage=journal:///shared/file"),
          tune_config),
    Case("fmtool/tuning/definition.py", "take another study=NAME, or leave it out",
         lambda at: require_same(at.definition("study=s"), at.definition("study=s", "epochs=3")),
         lambda at: at.definition("study=other", "epochs=3"), says="study=other"),
    Case("fmtool/tuning/definition.py", "use another study=NAME",
         lambda at: read_definition("{}", "s"), lambda at: at.definition("study=other"),
         says="study=other"),
    Case("fmtool/tuning/definition.py", "use tuner=nsgaii, tpe, gp, random, qmc or grid",
         (*TUNE, "objective=[val_loss,parameters]", "tuner=cmaes"),
         (*TUNE, "objective=[val_loss,parameters]", "tuner=nsgaii")),
    Case("fmtool/tuning/definition.py",
         "objective='{figures.example}' with a target of that, or no budget.target",
         (*TUNE, "task.loss=mse,focal", "objective=val_loss", "budget.target=0.1"),
         (*TUNE, "task.loss=mse,focal", "objective=max val_accuracy")),
    Case("fmtool/tuning/dimension.py", "write {key}=LOW..HIGH[/STEP][:log]",
         (*TUNE, "optimizer.learning_rate=1..x"),
         (*TUNE, "optimizer.learning_rate=1e-4..1e-2:log")),
    Case("fmtool/tuning/experiment_file.py", "write output=fmtool_conf/experiment/NAME.yaml",
         lambda at: experiment_file.write(Path("x.yaml"), None, {}),
         lambda at: (at.put_study("done"),
                     at.call("tune", "best", "study=s",
                             "output=fmtool_conf/experiment/mine.yaml"))[1],
         says="output=fmtool_conf/experiment/mine.yaml"),
    Case("fmtool/tuning/objective.py",
         "write 'max METRIC' or 'min METRIC', as objective='{figures.example}'",
         (*TUNE, "objective=a b c"), (*TUNE, "objective=max val_accuracy")),
    installs("fmtool/tuning/sampling.py", "package",
             lambda at: (at.without("cmaes"),
                         sampling.sampler_of(at.definition("study=s", "tuner=cmaes")))),
    Case("fmtool/tuning/space.py", "write a list, as {key}=a,b",
         (*TUNE, "model.activation=1..2"), (*TUNE, "model.activation=relu,gelu"),
         says="model.activation=a,b"),
    Case("fmtool/tuning/space.py",
         "write optimizer.learning_rate=1e-4..1e-2:log, a list such as model=cnn,mlp, or "
         "space=NAME, one of {', '.join(compose.options('space', folders))}",
         ("tune", "data=digits", "model=vgg", "dry_run=true"),
         ("tune", "data=digits", "model=vgg", "dry_run=true",
          "optimizer.learning_rate=1e-4..1e-2:log")),
    installs("fmtool/tuning/storage.py", "extras.install_extra('tune')",
             lambda at: (at.without("optuna"), storage.require_optuna())),
    installs("fmtool/tuning/storage.py", "module",
             lambda at: (at.without("psycopg"), storage._with_driver("postgresql://h/d"))),
    Case("fmtool/tuning/storage.py",
         "write storage=journal://{path.absolute().with_suffix('.log')}, or a database's",
         network_file_system, lambda at: storage.check(f"journal://{at.folder}/s.log"),
         says="storage=journal://"),
    Case("fmtool/tuning/stored_study.py",
         "begin one with fmtool tune, or name the storage= of this one",
         ("tune", "status", "study=none"), TUNE, says="fmtool tune"),
    Case("fmtool/tuning/stored_study.py", "begin one with fmtool tune",
         lambda at: (at.put_study("new"),
                     at.call("tune", "status", "study=zzz",
                             "storage=sqlite:///runs/studies/s/study.db"))[1],
         TUNE, says="fmtool tune"),
    Case("fmtool/tuning/stored_study.py", "use another study=NAME", no_folder_of_ours,
         lambda at: at.definition("study=other"), says="study=other"),
    words("fmtool/validate.py", "leave out report.test=false, or the gates",
          ("report.test=false", "gate.min.accuracy=1"), ("gate.min.accuracy=1",),
          says="leave out report.test=false"),
    Case("fmtool/validate.py", "write input=FILE, a folder, a 'PATTERN', or - for stdin",
         ("predict", "model=image.onnx"), PREDICT),
    Case("fmtool/validate.py", "write run=last, model=FILE or bundle=FILE",
         ("predict", "input=pictures"), PREDICT),
    Case("fmtool/validate.py", "write run=last, or run=PREFIX of `fmtool runs`",
         ("evaluate",), ("evaluate", "run=last"), **ANY),
    words("fmtool/validate.py", "write {group}=NAME, one of {known}",
          ("~model",), ("model=mlp",)),
    words("fmtool/config/validated.py", "write {key}=VALUE", ("~epochs",), ("epochs=3",)),
)  # fmt: skip

ELSEWHERE = {
    ("fmtool/matching.py", "choose task={others}, or other data"):
        "tests/test_matching.py::"
        "test_a_target_that_the_task_does_not_learn_is_refused_with_the_tasks_that_do",
    ("fmtool/data/reading/array_files.py",
     "save numbers, or text as numpy.array(names, dtype=str)"):
        "it is Python, for the author of the file",
    ("fmtool/data/tokenization/word_vectors.py",
     "use data.tokenizer=word, and vectors of the language of the texts"):
        "tests/data/test_text_vectors.py::"
        "test_the_vectors_and_their_coverage_come_with_the_tokens",
    ("fmtool/export/bundle_file.py", "get the bundle again, or export it again with bundle=true"):
        "tests/cli/test_export.py::"
        "test_the_bundle_is_whole_and_its_models_give_the_answers_of_the_run",
    ("fmtool/export/metadata.py", "give a file that `fmtool export` wrote"):
        "tests/cli/test_export.py::"
        "test_the_bundle_is_whole_and_its_models_give_the_answers_of_the_run",
    ("fmtool/export/verify.py", "leave run= out, or export it again with export.bundle_samples=16"):
        "tests/export/test_verify.py::test_a_bundle_without_samples_cannot_be_run",
    ("fmtool/prediction/bundle.py", "give what `fmtool export bundle=true` made"):
        "tests/cli/test_export.py::"
        "test_the_bundle_is_whole_and_its_models_give_the_answers_of_the_run",
    ("fmtool/prediction/predictor.py", "name one that `fmtool export bundle=true` wrote"):
        "tests/cli/test_export.py::"
        "test_the_bundle_is_whole_and_its_models_give_the_answers_of_the_run",
    ("fmtool/prediction/predictor.py", "name one that `fmtool export` wrote"):
        "tests/cli/test_export.py::"
        "test_the_bundle_is_whole_and_its_models_give_the_answers_of_the_run",
    ("fmtool/runs/housekeeping.py", "let it finish: fmtool train resume={record.id}"):
        "tests/reliability/test_resume.py::"
        "test_a_regularized_training_goes_on_in_mid_epoch_to_the_same_bits",
    ("fmtool/training/callbacks/recorder.py",
     "lower optimizer.learning_rate, add schedule.warmup_epochs, clip gradients with "
     "optimizer.global_clipnorm or set on_divergence=rollback"):
        "tests/reliability/test_rollback.py::"
        "test_a_rollback_lowers_the_learning_rate_and_training_ends_well",
    ("fmtool/training/resume.py",
     "{', '.join(fixes)}, start a new run, or allow_change=[{','.join(refused)}]"):
        "tests/reliability/test_resume.py::test_a_change_that_is_allowed_by_name_is_made_and_recorded",
    ("fmtool/tuning/cluster/ray.py",
     "start it with ray start --head, or name tune.cluster.address=HOST:PORT"):
        "tests/tuning/test_clusters.py::test_tasks_of_a_ray_cluster_work_at_a_study",
}  # fmt: skip
"""Fixes that need minutes, a cluster or another program: why, or the test that types them."""


def test_every_fix_that_is_to_be_typed_is():
    there, reached = found(), {case.key for case in CASES}
    assert sorted(there - reached - ELSEWHERE.keys()) == [], "fixes without a case"
    assert sorted((reached | ELSEWHERE.keys()) - there) == [], "cases of fixes that are gone"
    assert not reached & ELSEWHERE.keys()


@pytest.mark.parametrize("test", sorted(each for each in ELSEWHERE.values() if "::" in each))
def test_the_tests_that_type_the_others_are_there(test):
    file, _, name = test.partition("::")
    text = (ROOT / file).read_text(encoding="utf-8")
    assert f"\ndef {name}(" in text


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    """The folders of a study without a trial, and of one that is done."""
    folder = tmp_path_factory.mktemp("studies")
    for name in ("new", "done"):
        asked = Study(folder / name, (*STUDY, "study=s", "budget.trials=1"))
        store = asked.store()
        if name == "done":
            complete(store, 0.5)
        (folder / name / "studies" / "s").rename(folder / f"{name}_")
        shutil.rmtree(folder / name)
        (folder / f"{name}_").rename(folder / name)
    return folder


def outcome(place, asked):
    """The lines on stderr, and the exit code."""
    try:
        done = place.call(*asked) if isinstance(asked, tuple) else asked(place)
    except FmtoolError as error:
        return f"error: {error}", int(error.exit_code)
    return getattr(done, "err", ""), getattr(done, "code", 0)


def errors(shown):
    return [line.partition("; fix: ") for line in shown.splitlines() if line.startswith("error: ")]


def require_installable(fix):
    """Each package that pip is asked for is named as pip takes it, and none is fmtool itself."""
    line = fix.partition("pip install ")[2].partition(", or ")[0]
    words = shlex.split(line.replace(" or pip install ", " "))
    assert words
    assert not {Requirement(word).name for word in words} & {"fmtool", "fmtoolkit"}


def is_slow(case):
    """True of a case that imports Keras, or composes a search: seconds for each line."""
    return is_search(case) or case.file == "fmtool/augment/stages/shifted_gather.py"


def is_search(case):
    lines = (each for each in (case.before, case.after) if isinstance(each, tuple))
    return "tuning" in case.file or any({"tune", "sweep"} & {*line} for line in lines)


def marked(case):
    slow = [pytest.mark.slow] if is_slow(case) else []
    return pytest.param(case, marks=slow, id=f"{case.file}: {case.fix[:50]}")


@pytest.mark.parametrize("case", map(marked, CASES))
def test_the_fix_of_an_error_mends_it_when_it_is_typed(case, fmtool, call, monkeypatch, request):
    place = Place(fmtool.folder, call, monkeypatch)
    if is_search(case):
        place.studies = request.getfixturevalue("studies")
    if case.before == ("tune", "best", "study=s"):
        place.put_study("new")
    if case.before == ("tune", "worker"):
        place.put_study("done")
    shown, code = outcome(place, case.before)
    assert code, shown
    (what, _, fix), *_ = errors(shown)
    assert matches(case.fix, fix), shown
    if case.after is None:
        require_installable(fix)
        return
    new = (case.says,) if isinstance(case.says, str) else case.says
    new = new or typed_words(case.before, case.after)
    assert new, "nothing of the fix is typed"
    assert told(new, fix), (new, fix)
    again, ended = outcome(place, case.after)
    assert what not in again
    if case.code is not None:
        assert ended == case.code, again


def typed_words(before, after):
    """The words that are typed anew: keys, else the command as the fix spells it."""
    keys = [word for word in after if "=" in word and word not in before]
    command = " ".join(["fmtool", *(word for word in after if "=" not in word)])
    return keys or [command]
