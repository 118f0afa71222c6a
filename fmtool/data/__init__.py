"""Data sets, one file each: the file name is the value of `data=`.

A data set file holds

- `Config`, a `DataConfig` with `name: Literal["<file name>"]` and the set's own keys, whose
  defaults stand in `conf/data/<file name>.yaml`;
- `INFO`, a `SetInfo`: title, licence, sizes and target, for `fmtool data list` and `info`;
  a set of the user's own, which `data.path` names, has none and derives from `LocalConfig`;
- `load(cfg: Config) -> Splits`: uint8 images (n, height, width, channels), target and its rows;
  images that shall not lie in memory are `images.ReadImages`, which are read on access;
- `KIND`, where samples are no images: another kind of `fmtool.elements`, or None where only the
  files say;
- `fit(cfg, splits, rows) -> Splits`, where samples are made by something that is fitted, such as a
  tokenizer: on `rows` of the training split alone; what the run has to keep of it stands in
  `Splits.artifacts`, and what is worth knowing in `Splits.facts`;
- `restore(cfg, splits, artifacts) -> Splits`, to make the same samples of what a run has kept;
- `check(cfg, splits)`, where a training refuses more than `load` does, for `fmtool data check`.

Nothing heavy is imported at its top, so that a config is validated in milliseconds. `load` returns
whole splits; the subset and the validation part are drawn by `selection.select`, and `loading.load`
puts all three together. `four_arrays.Arrays`
turns four arrays into `Splits` with a digest; `acquire.load` adds the cache and the downloads.
`local_splits.to_splits` does it for a user's own; `image_files`, `class_folders`, `array_files`,
`text_files` and `labels` read what nobody has checked. `tokens` makes tokens of texts. `read_ahead`
reads batches in threads, in bounded memory.
"""
