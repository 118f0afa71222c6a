"""Architectures, one file each: the file name is the value of `model=`.

A model file holds `Config`, a `ModelConfig` with the typed keys of its YAML file, and
`build(cfg, input_shape, num_classes) -> keras.Model`, which maps float32 images of shape
(batch, height, width, channels), already normalised, to float32 logits (batch, num_classes).
Keras is imported inside `build` only, so that a config is validated in milliseconds.
"""
