"""A picture, a text or numbers as the array that a model reads, and its answer as a line.

Needs NumPy; for pictures Pillow, for texts tokenizers.
"""

import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def read(given: str, about: dict[str, Any], model: str) -> NDArray[Any]:
    """A batch of one sample, repeated where the model reads a fixed number of them.

    Args:
        given: a picture file, a text, numbers with commas between them, or a .npy file of a sample.
        about: what the model file says of itself.
    """
    reads = about["input"]
    if given.endswith(".npy"):
        sample = np.load(given, allow_pickle=False)
    elif reads["kind"] == "image":
        sample = _pixels(given, reads, about["preprocessing"])
    elif reads["kind"] == "text":
        sample = _tokens(given, about["preprocessing"], Path(model).parent)
    else:
        sample = np.array([_number(word) for word in given.split(",")])
    if "origin" in about["preprocessing"]:
        sample = _without_origin(sample, about["preprocessing"]["origin"])
    if None not in reads["shape"]:
        sample = sample.reshape(reads["shape"])
    return np.repeat(sample[np.newaxis].astype(reads["dtype"]), reads["batch"] or 1, axis=0)


def _number(word: str) -> int | float:
    return int(word) if word.strip().lstrip("+-").isdecimal() else float(word)


def _without_origin(sample: NDArray[Any], origin: list[Any]) -> NDArray[Any]:
    """In Python's own numbers, which are exact where they are whole."""
    rows = sample.reshape(-1, len(origin)).tolist()
    found = [[value - each for value, each in zip(row, origin, strict=True)] for row in rows]
    return np.array(found, np.float64).reshape(sample.shape)


def answer(given: str, about: dict[str, Any], outputs: dict[str, Any]) -> str:
    """The input and what the model says of it: a label with its probability, or each output."""
    kind = about.get("target", {}).get("kind", "label")
    if kind == "label" and "label" in outputs:
        label = int(outputs["label"][0])
        words = [given, about["labels"][label]]
        if "probabilities" in outputs:
            words.append(f"{float(outputs['probabilities'][0][label]):.4f}")
            return "\t".join(words)
        said = [name for name in _compared(about) if name != "label"]
    else:
        words, said = [given], _compared(about)
    words += [f"{name}={_shown(outputs[name][0], about, kind)}" for name in said]
    return "\t".join(words)


def _compared(about: dict[str, Any]) -> list[str]:
    """The outputs that are an answer, not those that are only reported."""
    outputs = about.get("outputs", {})
    # Files of the first schema have the type of an output where others have what it is.
    return [name for name, each in outputs.items() if not _is_reported(each)]


def _is_reported(output: Any) -> bool:
    return not isinstance(output, dict) or output["compare"] == "reported"


def _shown(values: NDArray[Any], about: dict[str, Any], kind: str) -> str:
    """Values of one output in one line: names of the classes that are set, or plain numbers."""
    if np.issubdtype(values.dtype, np.integer) and kind == "labels":
        return ",".join(about["labels"][place] for place in np.flatnonzero(values))
    return ",".join(f"{value:.6g}" for value in values.reshape(-1).tolist())


def _pixels(given: str, reads: dict[str, Any], how: dict[str, Any]) -> NDArray[Any]:
    from PIL import Image, ImageOps

    # Of several frames the first; from memory, since Pillow turns a TIFF that it maps wrongly.
    content = io.BytesIO(Path(given).read_bytes())
    picture = ImageOps.exif_transpose(Image.open(content))
    is_deep = picture.mode.startswith(("I", "F"))
    if is_deep or isinstance(how["levels"], list):
        picture = _in_8_bits(given, picture, how["levels"], is_deep)
    if picture.has_transparency_data and how["background"] != "none":
        picture = _on_background(picture, 255 if how["background"] == "white" else 0)
    picture = picture.convert({"rgb": "RGB", "grayscale": "L"}[how["color"]])
    height, width = reads["shape"][:2]
    # A model that reads any size brings pictures to its own, just as below.
    if None not in (height, width) and picture.size != (width, height):
        picture = _resized(picture, (width, height), how["resize_mode"])
    pixels = np.asarray(picture)
    if reads["maximum"] != 255:
        pixels = np.rint(pixels * (reads["maximum"] / 255))
    return pixels.reshape(*pixels.shape[:2], -1)


def _in_8_bits(given: str, picture: Any, levels: Any, is_deep: bool) -> Any:
    from PIL import Image

    values = np.asarray(picture)
    if levels == "upper" and picture.mode.startswith("I;16"):
        return Image.fromarray((values >> 8).astype(np.uint8))
    if not is_deep or not isinstance(levels, list) or not np.isfinite(values).all():
        raise SystemExit(f"{given}: mode {picture.mode}, not the depth of the training pictures")
    low, high = levels
    shares = (np.clip(values.astype(np.float64), low, high) - low) / (high - low)
    return Image.fromarray(np.rint(shares * 255).astype(np.uint8))


def _on_background(picture: Any, behind: int) -> Any:
    from PIL import Image

    is_grey = picture.mode in ("1", "L", "LA", "La")
    pixels = np.asarray(picture.convert("LA" if is_grey else "RGBA")).astype(np.uint16)
    colors, alpha = pixels[..., :-1], pixels[..., -1:]
    found = ((colors * alpha + behind * (255 - alpha) + 127) // 255).astype(np.uint8)
    return Image.fromarray(found[..., 0] if is_grey else found)


def _resized(picture: Any, size: tuple[int, int], mode: str) -> Any:
    from PIL import Image, ImageOps

    bilinear = Image.Resampling.BILINEAR
    if mode == "crop":
        return ImageOps.fit(picture, size, bilinear)
    if mode == "stretch":
        return picture.resize(size, bilinear)
    scale = min(Fraction(size[0], picture.width), Fraction(size[1], picture.height))
    width, height = (max(1, round(side * scale)) for side in picture.size)
    padded = Image.new(picture.mode, size)
    corner = ((size[0] - width) // 2, (size[1] - height) // 2)
    padded.paste(picture.resize((width, height), bilinear), corner)
    return padded


def _tokens(given: str, how: dict[str, Any], folder: Path) -> NDArray[Any]:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / how["tokenizer"]))
    tokens = np.array(tokenizer.encode(given).ids, np.int32)
    # Padding stands behind a text only: within it, its number is that of an unknown word.
    end = max(1, int(np.flatnonzero(tokens).max(initial=0)) + 1)
    tokens[:end][tokens[:end] == 0] = how["unknown"]
    return tokens
