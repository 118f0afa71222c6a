"""`fmtool models`: lists the architectures, and says what one of them is made of."""

import math
import re
from typing import Any

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

Result = dict[str, Any]
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
    if not words:
        result = _list()
        show = _show_list
    else:
        keys = dict(word.split("=", 1) for word in argv if "=" in word)
        result = _describe(words[0], keys)
        show = _show_description
    if flags.as_json:
        output.print_json(result)
    else:
        show(result)
    return 0


def _list() -> Result:
    from fmtool import registry
    from fmtool.matching import readable_kinds

    modules = {name: registry.module("model", name) for name in registry.names("model")}
    return {
        "models": [
            {
                "name": name,
                "input": list(readable_kinds(name)),
                "description": _first_line(module.__doc__),
            }
            for name, module in modules.items()
        ]
    }


def _describe(name: str, keys: dict[str, str]) -> Result:
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
    from fmtool.machine.flops import model_flops
    from fmtool.training.network import architecture

    model = architecture(cfg.model, Pixels(shape), classes)
    trained = sum(math.prod(variable.shape) for variable in model.trainable_variables)
    return {
        "name": name,
        "input_shape": list(shape),
        "classes": classes,
        "parameters": model.count_params(),
        "trained_parameters": trained,
        "weights_bytes": 4 * model.count_params(),
        "flops": model_flops(model).total,
        "layers": [_layer(layer) for layer in model.layers],
    }


def _layer(layer: Any) -> Result:
    shapes = layer.output.shape if not isinstance(layer.output, list) else None
    return {
        "name": layer.name,
        "kind": type(layer).__name__,
        "output_shape": None if shapes is None else list(shapes[1:]),
        "parameters": layer.count_params(),
    }


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


def _show_list(result: Result) -> None:
    rows = [[row["name"], ", ".join(row["input"]), row["description"]] for row in result["models"]]
    output.print_table(["model", "input", "what it is"], rows)


def _show_description(result: Result) -> None:
    rows = [
        [
            layer["name"],
            layer["kind"],
            "" if layer["output_shape"] is None else "x".join(map(str, layer["output_shape"])),
            f"{layer['parameters']:,}" if layer["parameters"] else "",
        ]
        for layer in result["layers"]
    ]
    output.print_table(["layer", "kind", "output", "weights"], rows)
    shape = "x".join(map(str, result["input_shape"]))
    facts = [
        ["images", f"{shape}, {result['classes']} classes"],
        ["weights", f"{result['parameters']:,}, {result['trained_parameters']:,} of them trained"],
        ["memory of the weights", f"{result['weights_bytes'] / 1e6:,.1f} MB in float32"],
        ["operations", f"{result['flops'] / 1e6:,.1f} MFLOP an image, forward"],
    ]
    output.print_table(["", result["name"]], facts)
