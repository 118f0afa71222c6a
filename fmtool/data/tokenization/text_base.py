"""The hooks that all data sets of texts have: samples of strings, made tokens by `fit`.

Their modules name `KIND`, `fit` and `restore` in `__all__` beside `Config` and `load`.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fmtool.data.tokenization.text_config import TextConfig
from fmtool.elements import SampleKind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fmtool.data.splitting.splits import Splits

KIND: SampleKind = "text"


def fit(cfg: TextConfig, splits: "Splits", rows: "NDArray[np.int32]") -> "Splits":
    """Tokens, by a tokenizer that knows the training texts of `rows` alone."""
    from fmtool.data.tokenization import tokens

    return tokens.fit(cfg, splits, rows)


def restore(cfg: TextConfig, splits: "Splits", artifacts: Mapping[str, str]) -> "Splits":
    """Tokens, by the tokenizer that `fit` left among the artifacts of a run."""
    from fmtool.data.tokenization import tokens

    return tokens.restore(splits, artifacts)
