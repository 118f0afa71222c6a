"""Labels by Keras, on any of its backends: python predict_keras.py keras/model.keras INPUT..."""

import json
import sys
import zipfile

import keras
import model_inputs
import numpy as np


def main(model: str, *inputs: str) -> None:
    with zipfile.ZipFile(model) as archive:
        about = json.loads(archive.read("assets/fmtool.json"))
    network = keras.saving.load_model(model, compile=False)
    for given in inputs:
        samples = model_inputs.read(given, about, model)
        found = network.predict_on_batch(samples)
        outputs = {name: np.asarray(value) for name, value in found.items()}
        print(model_inputs.answer(given, about, outputs))


if __name__ == "__main__":
    main(*sys.argv[1:])
