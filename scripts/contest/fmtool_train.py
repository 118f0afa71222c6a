"""Candidate: the whole of `fmtool train`, an epoch each turn, all that it writes included.

Arguments are overrides. The run is left in the working directory.
"""

import sys
from typing import Any

from fmtool import backend, validate
from fmtool.config.compose import compose
from fmtool.training.workflow import Request, train


def main(words: list[str]) -> None:
    cfg = validate.train_config(compose("train", words))
    # Imported as the run will import it, but early enough to give `fit` one more callback.
    backend.select(cfg.runtime)

    import keras

    from contest.keras_turns import turns

    samples = cfg.data.limit
    assert samples is not None, "data.limit says how many images an epoch has"
    assert isinstance(cfg.batch_size, int)
    turn, fit = turns(images=samples - samples % cfg.batch_size), keras.Model.fit

    def fit_in_turns(self: Any, *arguments: Any, callbacks: Any, **named: Any) -> Any:
        callbacks.callbacks.insert(0, turn)
        return fit(self, *arguments, callbacks=callbacks, **named)

    keras.Model.fit = fit_in_turns
    train(cfg, Request())


if __name__ == "__main__":
    main(sys.argv[1:])
