"""Data sets, one file each: the file name is the value of `data=`.

A data set file holds

- `Config`, a `DataConfig` with `name: Literal["<file name>"]` and the set's own keys, whose
  defaults stand in `conf/data/<file name>.yaml`;
- `INFO`, a `SetInfo`: title, licence, sizes and class names, for `fmtool data list` and `info`;
- `load(cfg: Config) -> Splits`: uint8 images (n, height, width, channels), int32 labels.

Nothing heavy is imported at its top, so that a config is validated in milliseconds. `load` returns
whole splits; the subset and the validation part are drawn by `selection.select`. `arrays.Arrays`
turns four arrays into `Splits` with a digest; `acquire.load` adds the cache and the downloads.
"""
