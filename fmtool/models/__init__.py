"""Architectures, one file each: the file name is the value of `model=`.

A model file holds `Config`, a `ModelConfig` with the typed keys of its YAML file, and
`build(cfg, element, num_classes) -> keras.Model`, which maps samples of shape
(batch, *element.shape) to float32 logits (batch, num_classes). Samples are float32 and already
normalised; tokens are int32 and as they are. A model that reads something else than images says
so by `READS`, a tuple of kinds of `fmtool.elements`. `check(cfg, element)`, where there is one,
raises UsageError for samples that do not fit the keys.
Keras is imported inside `build` only, so that a config is validated in milliseconds.
"""

SMALLEST_IMAGE = 28
"""Pixels a side from which on each of them takes images with its default keys, unless it says
otherwise by a constant of this name."""
