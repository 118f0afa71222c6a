"""Architectures, one file each: the file name is the value of `model=`.

A model file holds `Config`, a `ModelConfig` with the typed keys of its YAML file, and
`build(cfg, element, wanted) -> keras.Model`, which maps samples of shape (batch, *element.shape)
to a representation: the one that is wanted of those it gives, which `GIVES` names, and nothing
that this one does not need. The task puts its head behind it. Samples are float32 and already
normalised; tokens are int32 and as they are. A model that reads something else than images says
so by `READS`, a tuple of kinds of `fmtool.elements`. `check(cfg, element)`, where there is one,
raises UsageError for samples that do not fit the keys; `head_hints(cfg)` says how the layer
behind it is to begin.
Keras is imported inside `build` only, so that a config is validated in milliseconds.
"""

from typing import Any

SMALLEST_IMAGE = 28
"""Pixels a side from which on each of them takes images with its default keys, unless it says
otherwise by a constant of this name."""


def __getattr__(name: str) -> Any:
    # Plugins of earlier releases have `from fmtool.models import blocks`.
    if name == "blocks":
        from fmtool.models.layers import earlier_blocks

        return earlier_blocks
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
