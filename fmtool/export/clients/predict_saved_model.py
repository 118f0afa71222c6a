"""Labels by TensorFlow: python predict_saved_model.py saved_model/1 INPUT..."""

import json
import sys
from pathlib import Path

import model_inputs
import tensorflow as tf


def main(model: str, *inputs: str) -> None:
    about = json.loads(Path(model, "assets.extra", "fmtool.json").read_text(encoding="utf-8"))
    # Its variables live as long as it does.
    loaded = tf.saved_model.load(model)
    serve = loaded.signatures["serving_default"]
    for given in inputs:
        samples = model_inputs.read(given, about, model)
        found = serve(**{about["input"]["name"]: tf.constant(samples)})
        outputs = {name: value.numpy() for name, value in found.items()}
        print(model_inputs.answer(given, about, outputs))


if __name__ == "__main__":
    main(*sys.argv[1:])
