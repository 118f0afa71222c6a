"""Handwritten digits as records: a picture, read when asked for, and the ink in each row."""

import hashlib
from dataclasses import replace
from typing import Literal

import numpy as np

from fmtool.data import digits
from fmtool.data.base import DataConfig
from fmtool.data.samples.images import ChosenImages
from fmtool.elements import Features, Record

KIND = "record"


class Config(DataConfig):
    name: Literal["inked_digits"]
    short: bool


def load(cfg):
    splits = digits.load(cfg.model_copy(update={"name": "digits"}))
    record = Record({"picture": splits.element, "ink": Features((8,))})
    digest = hashlib.sha256(f"records of {splits.digest}".encode()).hexdigest()
    train, test = (_records(part, short=cfg.short) for part in (splits.train, splits.test))
    return replace(
        splits, name=cfg.name, train=train, test=test, digest=digest, element=record, names={}
    )


def _records(split, *, short):
    ink = split.x.sum(axis=(2, 3)).astype(np.float32)
    pictures = ChosenImages(split.x, np.arange(len(split)))
    return replace(split, x={"picture": pictures, "ink": ink[:, :-1] if short else ink})
