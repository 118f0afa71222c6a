"""The state of the random generators that lie outside of the model, as arrays.

Keras keeps the seeds of its own layers in variables, except on torch, where dropout without a
seed draws from torch's generator; layers of users may draw from Python's and NumPy's.
"""

import random
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

Arrays = Mapping[str, "np.ndarray[Any, Any]"]


def state() -> dict[str, "np.ndarray[Any, Any]"]:
    """Arrays by name: `python`, `numpy`, their pending normal deviates, and those of torch."""
    _, words, gauss = random.getstate()
    numpy_state: Any = np.random.get_state(legacy=False)
    found = {
        "python": np.asarray(words, dtype=np.uint32),
        "python_gauss": np.asarray([] if gauss is None else [gauss], np.float64),
        "numpy": numpy_state["state"]["key"],
        "numpy_position": np.asarray(numpy_state["state"]["pos"]),
        "numpy_gauss": np.asarray([numpy_state["has_gauss"], numpy_state["gauss"]], np.float64),
    }
    if keras.backend.backend() == "torch":
        import torch

        found["torch"] = torch.get_rng_state().numpy()
        for number in range(torch.cuda.device_count()):
            found[f"torch_cuda_{number}"] = torch.cuda.get_rng_state(number).numpy()
    return found


def restore(saved: Arrays) -> None:
    """Puts every generator back to what `state` returned."""
    words = tuple(saved["python"].tolist())
    random.setstate((3, words, next(iter(saved["python_gauss"].tolist()), None)))
    has_gauss, pending = saved["numpy_gauss"]
    position = int(saved["numpy_position"])
    np.random.set_state(("MT19937", saved["numpy"], position, int(has_gauss), float(pending)))
    if keras.backend.backend() == "torch" and "torch" in saved:
        import torch

        torch.set_rng_state(torch.from_numpy(np.array(saved["torch"])))
        for number in range(torch.cuda.device_count()):
            if (name := f"torch_cuda_{number}") in saved:
                torch.cuda.set_rng_state(torch.from_numpy(np.array(saved[name])), number)
