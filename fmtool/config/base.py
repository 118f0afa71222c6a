"""The base of every typed config and the number ranges they share."""

import os
from typing import Annotated

# Of whatever package is installed, one would see every config, and all are looked through for it.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

from pydantic import BaseModel, ConfigDict, Field

PositiveInt = Annotated[int, Field(gt=0)]
NonNegativeInt = Annotated[int, Field(ge=0)]
PositiveFloat = Annotated[float, Field(gt=0)]
NonNegativeFloat = Annotated[float, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
"""0 and 1 included."""
Rate = Annotated[float, Field(ge=0, lt=1)]
"""0 included, 1 not: a dropout rate, a momentum, a validation fraction."""


class Config(BaseModel):
    """Immutable; unknown keys, wrong types, NaN and infinities are refused.

    Defaults live in the YAML file of the option, never here, so that one place tells a user
    what a key is set to.
    """

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        protected_namespaces=(),
        defer_build=True,
    )


class NamedConfig(Config):
    """The config of an option that a registry resolves by its `name`."""

    name: str
