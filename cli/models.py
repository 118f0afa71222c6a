"""`fmtool models`: lists the architectures, and says what one of them is made of."""

import re

from fmtool.errors import UsageError

from . import output
from .flags import Flags

HELP = """\
usage: fmtool models
       fmtool models NAME [shape=HEIGHTxWIDTHxCHANNELS] [classes=N] [key=value ...]

Without a name: the architectures, those of plugins and installed packages included.
With one: its layers, weights and operations for images of a shape; the keys are those of
model=NAME, as `fmtool train model=NAME --cfg job -p model` shows them.

  shape=32x32x3   of the images
  classes=10      logits of the output

examples:
  fmtool models
  fmtool models resnet depth=56 classes=100
"""

_SHAPE = re.compile(r"([1-9]\d{0,5})x([1-9]\d{0,5})x([1-9]\d{0,3})")


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
    from fmtool.matching import readable_kinds

    modules = {name: registry.module("model", name) for name in registry.names("model")}
    listed = [
        (name, readable_kinds(name), _first_line(module.__doc__))
        for name, module in modules.items()
    ]
    if as_json:
        keys = ("name", "input", "description")
        output.print_json({"models": [dict(zip(keys, row, strict=True)) for row in listed]})
        return
    rows = [(name, ", ".join(kinds), description) for name, kinds, description in listed]
    output.print_table(["model", "input", "what it is"], rows)


def _describe(name: str, keys: dict[str, str], *, as_json: bool) -> None:
    shape, classes = _shape(keys.pop("shape", "32x32x3")), _classes(keys.pop("classes", "10"))
    from fmtool import validate
    from fmtool.config.arguments import prepare
    from fmtool.config.compose import compose

    overrides = [prepare(f"model.{key}={value}") for key, value in keys.items()]
    fixed = ["runtime=cpu", "runtime.backend=auto", "runtime.precision=float32"]
    cfg = validate.train_config(compose("train", [f"model={name}", *overrides, *fixed]))

    from fmtool import backend
    from fmtool.elements import Pixels

    backend.select(cfg.runtime)
    from fmtool.evaluation import model_summary
    from fmtool.training.network import architecture

    summary = model_summary.summarize(architecture(cfg.model, Pixels(shape), classes))
    if as_json:
        facts = {"name": name, "input_shape": list(shape), "classes": classes}
        output.print_json(facts | summary.to_json())
        return
    images = ("images", f"{'x'.join(map(str, shape))}, {classes} classes")
    output.print_tables(model_summary.tables(summary, name, facts=[images]))


def _shape(text: str) -> tuple[int, int, int]:
    match = _SHAPE.fullmatch(text)
    if match is None:
        fix = "give HEIGHTxWIDTHxCHANNELS, such as 32x32x3"
        raise UsageError(f"shape={text} is not accepted", fix=fix)
    height, width, channels = map(int, match.groups())
    return height, width, channels


def _classes(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,5}", text) or int(text) < 2:
        raise UsageError(f"classes={text} is not accepted", fix="give a whole number from 2 on")
    return int(text)


def _first_line(docstring: str | None) -> str:
    lines = (docstring or "").strip().splitlines()
    return lines[0].rstrip(".") if lines else ""
