"""The network of a run as it is exported: in float32, with or without loops over steps."""

from pathlib import Path
from typing import Any

from fmtool.evaluation.measure import load_model

_HALVES = ("bfloat16", "float16")
_LOOPING = ("LSTM", "GRU", "SimpleRNN", "RNN")


def load(path: Path, *, unrolls: bool = False) -> Any:
    """The network in model.keras, which maps raw samples to logits, computing in float32.

    Its weights are float32 whatever the run computed in.

    Args:
        unrolls: whether each step of a recurrent layer shall be in the graph on its own.

    Raises Refused and DataError as `load_model`.
    """
    return load_model(path, rewrite=lambda config: _rewritten(config, unrolls=unrolls))


def _rewritten(config: Any, *, unrolls: bool) -> Any:
    if isinstance(config, list):
        return [_rewritten(each, unrolls=unrolls) for each in config]
    if not isinstance(config, dict):
        return config
    if config.get("class_name") == "DTypePolicy":
        return {**config, "config": {**config["config"], "name": "float32"}}
    made: dict[str, Any] = {
        key: "float32"
        if key == "dtype" and value in _HALVES
        else _rewritten(value, unrolls=unrolls)
        for key, value in config.items()
    }
    if unrolls and made.get("class_name") in _LOOPING:
        made["config"] = {**made["config"], "unroll": True}
    return made
