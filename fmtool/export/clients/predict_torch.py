"""Labels by PyTorch: python predict_torch.py torch/model.pt2 INPUT..."""

import json
import sys

import model_inputs
import torch


def main(model: str, *inputs: str) -> None:
    files = {"fmtool.json": ""}
    program = torch.export.load(model, extra_files=files).module()
    about = json.loads(files["fmtool.json"])
    for given in inputs:
        samples = model_inputs.read(given, about, model)
        with torch.inference_mode():
            found = program(torch.from_numpy(samples))
        outputs = {name: value.numpy() for name, value in found.items()}
        print(model_inputs.answer(given, about, outputs))


if __name__ == "__main__":
    main(*sys.argv[1:])
