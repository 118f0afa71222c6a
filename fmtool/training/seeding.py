"""Seeds every generator that building and running a model may draw from, and counts names anew."""

import random

import numpy as np


def seed_everything(seed: int) -> None:
    """As `keras.utils.set_random_seed`, which would import TensorFlow whatever the backend."""
    import keras

    if keras.backend.backend() == "tensorflow":
        keras.utils.set_random_seed(seed)
        return
    # Keras seeds initialisers and dropout from Python's generator; users' layers may use NumPy's.
    random.seed(seed)
    np.random.seed(seed)
    if keras.backend.backend() == "torch":
        import torch

        torch.manual_seed(seed)
