"""`fmtool models`: lists the architectures, and says what one of them is made of."""

import re
from typing import Any

from fmtool.errors import UsageError

from . import output
from .flags import Flags

HELP = """\
usage: fmtool models
       fmtool models NAME [shape=SHAPE] [vocabulary=N] [classes=N] [key=value ...]

Without a name: the architectures, those of plugins and installed packages included.
With one: its layers, weights and operations for samples of a shape; the keys are those of
model=NAME, as `fmtool train model=NAME --cfg job -p model` shows them.

  shape=32x32x3      of images; STEPSxCHANNELS of series, N of rows of numbers, LENGTH of texts
  vocabulary=10000   tokens that there are: the samples are texts then
  classes=10         logits of the output

examples:
  fmtool models
  fmtool models resnet depth=56 classes=100
  fmtool models rnn shape=28x4 cell=gru
  fmtool models transformer shape=64 vocabulary=20000
"""

_SHAPE = re.compile(r"[1-9]\d{0,5}(x[1-9]\d{0,5}){0,2}")
_IMAGE, _LENGTH, _VOCABULARY = "32x32x3", "64", "10000"
_SPELLINGS = {
    "image": "shape=HEIGHTxWIDTHxCHANNELS",
    "text": "shape=LENGTH vocabulary=N",
    "features": "shape=STEPSxCHANNELS",
}


def help_text() -> str:
    return HELP


def main(argv: list[str], flags: Flags) -> int:
    """Prints the result on stdout; errors are raised, never printed."""
    words = [word for word in argv if "=" not in word]
    if len(words) > 1 or (argv and not words):
        unexpected = words[1] if words else argv[0]
        raise UsageError(f"models: unexpected '{unexpected}'", fix="fmtool models --help")
    from fmtool import registry

    registry.load_plugins(flags.plugins)
    if words:
        keys = dict(word.split("=", 1) for word in argv if "=" in word)
        _describe(words[0], keys, as_json=flags.as_json)
    else:
        _list(as_json=flags.as_json)
    return 0


def _list(*, as_json: bool) -> None:
    from fmtool import registry
    from fmtool.matching import readable_kinds, smallest_image

    modules = {name: registry.module("model", name) for name in registry.names("model")}
    listed = [
        (name, readable_kinds(name), smallest_image(name), _first_line(module.__doc__))
        for name, module in modules.items()
    ]
    if as_json:
        keys = ("name", "input", "smallest_image", "description")
        output.print_json({"models": [dict(zip(keys, row, strict=True)) for row in listed]})
        return
    rows = [
        (name, ", ".join(kinds), f"{side}x{side}" if side else "", description)
        for name, kinds, side, description in listed
    ]
    output.print_table(["model", "input", "images from", "what it is"], rows)


def _describe(name: str, keys: dict[str, str], *, as_json: bool) -> None:
    classes = _count("classes", keys.pop("classes", "10"))
    shape, vocabulary = keys.pop("shape", None), keys.pop("vocabulary", None)
    from fmtool import validate
    from fmtool.config.arguments import prepare
    from fmtool.config.compose import compose
    from fmtool.elements import described
    from fmtool.matching import require_fit
    from fmtool.schema import RuntimeConfig

    overrides = [prepare(f"model.{key}={value}") for key, value in keys.items()]
    fixed = ["runtime=cpu", "runtime.backend=auto", "runtime.precision=float32"]
    raw = compose("train", [f"model={name}", *overrides, *fixed])
    cfg: Any = validate.option("model", raw["model"])
    element = _element(name, shape, vocabulary)
    require_fit(cfg, element)

    from fmtool import backend

    backend.select(RuntimeConfig.model_validate(raw["runtime"]))
    from fmtool.evaluation import model_summary

    summary = model_summary.summarize(_network(cfg, element, raw["task"], classes))
    if as_json:
        facts = {
            "name": name,
            "input": described(element),
            "input_shape": list(element.shape),
            "classes": classes,
        }
        output.print_json(facts | summary.to_json())
        return
    samples = ("samples", f"{described(element)}, {classes} classes")
    output.print_tables(model_summary.tables(summary, name, facts=[samples]))


def _network(model: Any, element: Any, task: dict[str, Any], classes: int) -> Any:
    """The Keras model with the head of a task, for samples whose labels nothing is known of."""
    import numpy as np

    from fmtool import options, validate
    from fmtool.targets import Label
    from fmtool.training.network import architecture

    option = options.task(task["name"])
    target = Label(tuple(map(str, range(classes))))
    head = option.build(validate.option("task", task), target, np.empty(0, target.dtype))
    return architecture(model, element, head, needs=option.NEEDS).as_model(element)


def _element(name: str, shape: str | None, vocabulary: str | None) -> Any:
    """The element that the model is to read; UsageError where it cannot."""
    from fmtool.elements import WHAT, Features, Pixels, Tokens
    from fmtool.matching import readable_kinds

    readable = readable_kinds(name)
    is_text = vocabulary is not None or (shape is None and "image" not in readable)
    sizes = _sizes(shape or (_LENGTH if is_text else _IMAGE))
    element: Pixels | Tokens | Features
    if is_text and len(sizes) > 1:
        raise UsageError(f"shape={shape} is not that of a text", fix=f"give {_SPELLINGS['text']}")
    if is_text:
        element = Tokens(sizes, _count("vocabulary", vocabulary or _VOCABULARY))
    else:
        element = Pixels(sizes) if len(sizes) == 3 else Features(sizes)
    if element.kind not in readable:
        raise UsageError(
            f"model={name} reads {' or '.join(WHAT[kind] for kind in readable)}, "
            f"not {WHAT[element.kind]}",
            fix=f"give {' or '.join(_SPELLINGS[kind] for kind in readable)}",
        )
    return element


def _sizes(shape: str) -> Any:
    if _SHAPE.fullmatch(shape) is None:
        fix = f"give HEIGHTxWIDTHxCHANNELS, such as {_IMAGE}, STEPSxCHANNELS or LENGTH"
        raise UsageError(f"shape={shape} is not accepted", fix=fix)
    return tuple(map(int, shape.split("x")))


def _count(key: str, text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,6}", text) or int(text) < 2:
        raise UsageError(f"{key}={text} is not accepted", fix="give a whole number from 2 on")
    return int(text)


def _first_line(docstring: str | None) -> str:
    lines = (docstring or "").strip().splitlines()
    return lines[0].rstrip(".") if lines else ""
