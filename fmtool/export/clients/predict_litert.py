"""Labels by LiteRT: python predict_litert.py litert/model.tflite INPUT..."""

import json
import sys
import zipfile

import model_inputs
from ai_edge_litert.interpreter import Interpreter


def main(model: str, *inputs: str) -> None:
    # What a LiteRT file says of itself is in an archive behind the model.
    with zipfile.ZipFile(model) as archive:
        about = json.loads(archive.read("fmtool.json"))
    signature = Interpreter(model_path=model).get_signature_runner()
    for given in inputs:
        samples = model_inputs.read(given, about, model)
        outputs = signature(**{about["input"]["name"]: samples})
        print(model_inputs.answer(given, about, outputs))


if __name__ == "__main__":
    main(*sys.argv[1:])
