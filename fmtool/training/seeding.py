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


def name_afresh() -> None:
    """Lets the layers that are built next have the names that they have in a new process.

    Keras' clear_session would do, but it forgets the precision and takes seconds on torch.
    """
    from keras.src.backend.common import global_state

    global_state.set_global_attribute("object_name_uids", None)
