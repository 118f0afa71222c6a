"""Keys that runs of earlier releases lack, with the values that change nothing, and figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class NewKey:
    """A key that a release has added.

    Args:
        key: dotted, below the top or below a group, such as `data.background`.
        neutral: the value, in JSON types, with which a run is what it was before there was the key.
        since: the release that came with it.
        options: names of the group's options that have it; None for all.
    """

    key: str
    neutral: Any
    since: str
    options: frozenset[str] | None = None


_TABLES = frozenset({"text", "image_folder"})
_NORMALIZED = frozenset({"cnn", "convmixer", "densenet", "inception", "mlp", "resnet", "vgg"})

NEW_KEYS: tuple[NewKey, ...] = (
    NewKey("data.background", "none", "0.2.0", frozenset({"image_folder"})),
    NewKey("data.levels", "upper", "0.2.0", frozenset({"image_folder"})),
    NewKey("model.batchnorm_momentum", 0.99, "0.2.0", _NORMALIZED),
    NewKey("data.columns", None, "0.2.0", frozenset({"arrays"})),
    NewKey("data.header", None, "0.2.0", _TABLES),
    NewKey("data.target", "auto", "0.2.0", _TABLES | {"arrays"}),
    NewKey("data.target_names", None, "0.2.0", frozenset({"arrays"})),
    NewKey("data.label_columns", None, "0.2.0", _TABLES),
    NewKey("data.label_separator", ";", "0.2.0", _TABLES),
    NewKey("data.files", "txt", "0.2.0", frozenset({"text"})),
    NewKey("data.x", "x", "0.2.0", frozenset({"arrays"})),
    NewKey("data.y", "y", "0.2.0", frozenset({"arrays"})),
)
"""Oldest first. A neutral value is no part of `request_digest`, so that earlier runs are found."""

NEW_FIGURES = frozenset(
    {
        "balanced_accuracy",
        "matthews_corrcoef",
        "cohen_kappa",
        "roc_auc_macro",
        "pr_auc_macro",
        "brier",
    }
)
"""Figures that reports have since 0.2.0; that an earlier one has none of them is no difference."""


EARLIER_TASK: Mapping[str, Any] = {
    "name": "classification",
    "loss": "cross_entropy",
    "focal_gamma": 2.0,
    "huber_delta": 0.1,
    "label_smoothing": 0.0,
    "class_weights": "none",
}
"""The task of a config that names none, when it is measured, exported or asked."""


def completed(config: Mapping[str, Any]) -> dict[str, Any]:
    """A run's nested config with the keys it is too old to have; nothing that is there changes."""
    result = dict(config)
    for new in NEW_KEYS:
        *groups, last = new.key.split(".")
        node = _node(result, groups)
        if node is not None and last not in node and _has_key(new, result):
            _replace(result, groups, {**node, last: new.neutral})
    return result


def without_neutral(config: Mapping[str, Any]) -> dict[str, Any]:
    """A nested config without the keys of `NEW_KEYS` that are at their neutral values."""
    result = dict(config)
    for new in NEW_KEYS:
        *groups, last = new.key.split(".")
        node = _node(result, groups)
        if node is None or last not in node or node[last] != new.neutral:
            continue
        if _has_key(new, result):
            _replace(result, groups, {key: node[key] for key in node if key != last})
    return result


def _node(config: Mapping[str, Any], groups: list[str]) -> Mapping[str, Any] | None:
    node: Any = config
    for group in groups:
        node = node.get(group) if isinstance(node, Mapping) else None
    return node if isinstance(node, Mapping) else None


def _replace(config: dict[str, Any], groups: list[str], node: dict[str, Any]) -> None:
    """Puts `node` in its place in `config`; mappings on the way are copied."""
    if not groups:
        config.clear()
        config.update(node)
        return
    first, *rest = groups
    below = dict(config[first])
    _replace(below, rest, node)
    config[first] = below


def _has_key(new: NewKey, config: Mapping[str, Any]) -> bool:
    """True where the option that the config has chosen is one with the key."""
    if new.options is None:
        return True
    group = config.get(new.key.partition(".")[0])
    return isinstance(group, Mapping) and group.get("name") in new.options
