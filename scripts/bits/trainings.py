"""The trainings that two commits are compared by, and the data that some of them read."""

import csv
import random
from dataclasses import dataclass
from pathlib import Path

DATA = "../../data"
"""The folder of `write_data`, seen from where the commands run."""
BACKENDS = ("tensorflow", "jax", "torch")

ALWAYS = (
    *("runtime.device=cpu", "runtime.precision=float32", "runtime.threads=1"),
    # What `auto` decides depends on how busy the machine is; it never changes bits.
    *("runtime.steps_per_dispatch=3", "callbacks.checkpoint.max_share=1"),
    *("callbacks.checkpoint.keep=9", "logging.tensorboard=false", "logging.plots=false"),
    *("logging.every_n_steps=2", "epochs=2", "batch_size=16", "seed=3"),
)
SMALL_CNN = ("model=cnn", "model.filters=[4,8]", "model.dense_units=[8]")
DIGITS = ("data=digits", "data.limit=112")
TEXTS = (
    *("data=text", f"data.path={DATA}/texts.csv", "data.min_frequency=1"),
    *("data.length=8", "model.embedding_dim=6"),
)


@dataclass(frozen=True)
class Training:
    """Words of `fmtool train`, and the commands that follow.

    Args:
        unseen: what is predicted; the run is then exported, too.
    """

    name: str
    words: tuple[str, ...]
    is_evaluated: bool = False
    unseen: str | None = None


TRAININGS = (
    Training(
        "cnn",
        (*SMALL_CNN, *DIGITS, "model.normalization=batch", "model.dropout=0.2", "regularizer=l2"),
        is_evaluated=True,
        unseen=f"{DATA}/digits.npy",
    ),
    Training(
        "resnet",
        (
            *(*DIGITS, "model=resnet", "model.depth=8", "model.stochastic_depth=0.2"),
            *("optimizer=sgd", "schedule=cosine", "schedule.warmup_steps=2"),
        ),
    ),
    Training(
        "transformer",
        (
            *(*DIGITS, "model=transformer", "model.width=8", "model.depth=1", "model.heads=2"),
            *("optimizer=adamw", "optimizer.global_clipnorm=1.0", "task.label_smoothing=0.1"),
        ),
    ),
    Training(
        "mixed",
        (
            *(*SMALL_CNN, *DIGITS, "augment=flip_crop", "augment.crop_padding=1"),
            *("augment.mixup=0.4", "augment.cutmix=1.0", "task.class_weights=balanced"),
            "tta=flip",
        ),
        is_evaluated=True,
    ),
    Training(
        "accumulated",
        (
            *(*SMALL_CNN, *DIGITS, "optimizer.gradient_accumulation_steps=2", "task.loss=focal"),
            *("++optimizer.learning_rate_factors={logits:0.1}", "optimizer.use_ema=true"),
        ),
    ),
    Training(
        "lookahead",
        (
            *(*SMALL_CNN, *DIGITS, "optimizer.lookahead_steps=3", "regularizer=orthogonal"),
            *("++optimizer.freeze_after={conv2d:1}", "data.validation_fraction=0"),
        ),
    ),
    Training(
        "texts",
        (*TEXTS, "model=text_cnn", "model.filters=4", "model.kernel_sizes=[2,3]"),
        is_evaluated=True,
        unseen=f"{DATA}/unseen.csv",
    ),
    Training("rnn", (*TEXTS, "model=rnn", "model.units=6", "model.bidirectional=true")),
    Training(
        "pictures",
        (
            *("data=image_folder", f"data.path={DATA}/pictures", "model=mlp", "model.units=[8]"),
            *("model.normalization=batch", "augment.horizontal_flip=true"),
        ),
        is_evaluated=True,
    ),
    Training(
        "numbers",
        (
            *("data=arrays", f"data.path={DATA}/numbers.npz", "model=mlp", "model.units=[8]"),
            *("task.loss=huber", "regularizer.gradient_noise=0.01"),
        ),
        is_evaluated=True,
    ),
)


def write_data(folder: Path) -> None:
    """Writes texts, pictures and numbers of two or three classes, the same at each call."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = random.Random(1)
    _write_texts(folder, draw)
    _write_pictures(folder / "pictures", draw)
    _write_numbers(folder)


def _write_texts(folder: Path, draw: random.Random) -> None:
    words = {"calm": ["sea", "moss", "snow", "tea"], "wild": ["fire", "storm", "drum", "wolf"]}
    shared = ["a", "the", "over", "under", "near", "old", "new"]
    rows = [
        (" ".join(draw.choices(words[label] + shared, k=draw.randint(3, 9))), label)
        for label in words
        for _ in range(60)
    ]
    for name, chosen in (("texts.csv", rows), ("unseen.csv", rows[50:70])):
        with (folder / name).open("w", newline="") as file:
            csv.writer(file).writerows([("text", "label"), *chosen])


def _write_pictures(folder: Path, draw: random.Random) -> None:
    from PIL import Image

    for label, most in (("loud", 255), ("quiet", 120)):
        (folder / label).mkdir(parents=True, exist_ok=True)
        for number in range(50):
            picture = Image.new("L", (8, 8))
            picture.putdata([draw.randint(0, most) for _ in range(64)])
            picture.save(folder / label / f"{number:02d}.png")


def _write_numbers(folder: Path) -> None:
    import numpy as np

    draw = np.random.default_rng(1)
    x = draw.normal(size=(150, 5)).astype("float32")
    np.savez(folder / "numbers.npz", x=x, y=(x[:, 0] > 0).astype("int32") + (x[:, 1] > 1))
    np.save(folder / "digits.npy", draw.integers(0, 17, (20, 8, 8, 1)).astype("uint8"))
