"""Labels by ONNX Runtime: python predict_onnx.py onnx/model.onnx INPUT..."""

import json
import sys

import model_inputs
import onnxruntime


def main(model: str, *inputs: str) -> None:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    about = json.loads(session.get_modelmeta().custom_metadata_map["fmtool"])
    names = list(about["outputs"])
    for given in inputs:
        samples = model_inputs.read(given, about, model)
        found = session.run(names, {about["input"]["name"]: samples})
        print(model_inputs.answer(given, about, dict(zip(names, found, strict=True))))


if __name__ == "__main__":
    main(*sys.argv[1:])
