"""The way from a picture, a text or a row of numbers to what an exported model reads."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fmtool.data.splitting import inputs
from fmtool.elements import Element, Pixels, Tokens
from fmtool.runs.layout import TOKENIZER

if TYPE_CHECKING:
    from fmtool.data.base import DataConfig
    from fmtool.export.metadata import Metadata

_COLORS = {1: "grayscale", 3: "rgb"}
_RESIZING = {
    "stretch": "to that size, whatever its proportions",
    "crop": "until its shorter side fits; what is beyond at the longer one is cut off evenly",
    "pad": "until its longer side fits; zeros fill up the shorter one evenly",
}


def of(cfg: "DataConfig", element: Element, artifacts: Mapping[str, str]) -> dict[str, Any]:
    """The content of `Metadata.preprocessing`, in JSON types.

    Pictures: `color` (None for channels that no picture has), `background` behind transparency,
    `levels` (of more than 8 bits; None where 8 are expected), whether those of the training were
    resized (`was_resized`), and `resize_mode` and `filter` to do so. Texts:
    `tokenizer`, a file beside the model that cuts and pads, `length`, `truncate`, and the tokens
    of `padding` and of what is `unknown`. Rows of numbers: `origin`, what is
    taken off each column in float64 before the cast to float32, and `columns`, their names, each
    where there is one.
    """
    if isinstance(element, Pixels):
        # Sets whose images have one size by themselves have no such key.
        mode = getattr(cfg, "resize_mode", "stretch")
        return {
            "color": _COLORS.get(element.shape[-1]),
            # Sets that are not read from pictures have no such key.
            "background": getattr(cfg, "background", "white"),
            "levels": levels_of(cfg, artifacts),
            "was_resized": getattr(cfg, "resize", None) is not None,
            "resize_mode": mode,
            "filter": "bilinear",
        }
    if not isinstance(element, Tokens):
        entries, width = inputs.decode(artifacts), element.shape[-1]
        return inputs.entries_of_numbers(
            inputs.origins_in(entries, width=width), inputs.columns_in(entries, width=width)
        )
    from fmtool.data.tokenization import tokenizer as tokenizers

    tokenizer = tokenizers.parse(artifacts[TOKENIZER], origin=TOKENIZER)
    is_cut_at_its_end = tokenizer.truncation["direction"] == "right"
    return {
        "tokenizer": TOKENIZER,
        "length": element.shape[0],
        "truncate": "end" if is_cut_at_its_end else "start",
        "padding": 0,
        "unknown": tokenizers.unknown_of(tokenizer) or 1,
    }


def levels_of(cfg: "DataConfig", artifacts: Mapping[str, str]) -> list[float] | str | None:
    """The values of deep pictures that become 0 and 255, or `upper`, or None for 8 bits alone."""
    if getattr(cfg, "levels", None) == "upper":
        return "upper"
    found = inputs.levels_in(inputs.decode(artifacts))
    return None if found is None else list(found)


def document(metadata: "Metadata") -> dict[str, Any]:
    """preprocessing.json of a bundle, for programs and for people."""
    return {
        "schema_version": 1,
        "input": asdict(metadata.input),
        "trained_shape": list(metadata.trained_shape),
        "outputs": metadata.dtypes,
        "preprocessing": dict(metadata.preprocessing),
        **_resizer(metadata),
        "steps": steps(metadata),
    }


def _resizer(metadata: "Metadata") -> dict[str, str]:
    """Says of pictures where they are brought to their size."""
    if metadata.input.kind != "image":
        return {}
    return {"resized_by": "model" if None in metadata.input.shape else "client"}


def steps(metadata: "Metadata") -> list[str]:
    """The same as sentences; what normalises is within the file."""
    reads, how = metadata.input, metadata.preprocessing
    if reads.kind == "image":
        return _of_pictures(metadata)
    if reads.kind == "text":
        return [
            f"Make tokens of the text by {how['tokenizer']}, which cuts it at its "
            f"{how['truncate']} to {how['length']} tokens and fills it up behind its end with "
            f"token {how['padding']}.",
            f"Where token {how['padding']} comes before the end of the text, take token "
            f"{how['unknown']}.",
        ]
    return _of_numbers(reads.dtype, how)


def _of_numbers(dtype: str, how: Mapping[str, Any]) -> list[str]:
    found = []
    columns = how.get("columns")
    if columns:
        found.append(f"Order the numbers by name: {', '.join(columns)}.")
    if any(how.get("origin") or ()):
        found.append(
            f"Take off the origin of each in float64, or in whole numbers: {how['origin']}."
        )
    order = "" if columns else "in the order of training, "
    return [*found, f"Take the numbers {order}as {dtype}, not normalised."]


def _of_pictures(metadata: "Metadata") -> list[str]:
    reads, how = metadata.input, metadata.preprocessing
    height, width, channels = metadata.trained_shape
    if how["color"] is None:
        return [f"Give arrays of {channels} channels: no picture format has them."]
    found = [
        "Of an animation or of several pages take the first.",
        "Turn the picture as its EXIF entry says.",
        _of_depth(how["levels"]),
        _of_transparency(how["background"]),
        f"Convert it to {how['color']}, 8 bits a channel.",
    ]
    if None in reads.shape:
        found.append(
            f"Leave its size: the model resizes it to {height}x{width} by itself, with a "
            f"{how['filter']} filter {_RESIZING[how['resize_mode']]}."
        )
    else:
        found.append(
            f"If it is not {height}x{width}, resize it with a {how['filter']} filter "
            f"{_RESIZING[how['resize_mode']]}."
        )
    most = reads.maximum
    if most != 255:
        found.append(f"Multiply by {most}/255 and round, for pixels from 0 to {most}.")
    return found


def _of_depth(levels: Sequence[float] | str | None) -> str:
    if levels is None:
        return "Take pictures of 8 bits a channel only."
    if levels == "upper":
        return "If its pixels are single numbers of 16 bits, take the upper 8 of each."
    low, high = map(float, levels)
    return (
        "Take pictures whose pixels are single numbers of more than 8 bits only. Cut each number "
        f"off at {low!r} and {high!r}, and take (number - {low!r}) / {high - low!r} * 255, rounded."
    )


def _of_transparency(background: str) -> str:
    if background == "none":
        return "Drop transparency."
    behind = 255 if background == "white" else 0
    return (
        f"If it is transparent anywhere, put it on {background}: each channel c with alpha a "
        f"becomes (c * a + {behind} * (255 - a)) / 255, rounded."
    )
