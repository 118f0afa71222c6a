"""Labels by OpenVINO: python predict_openvino.py openvino/model.xml INPUT..."""

import json
import sys

import model_inputs
import openvino


def main(model: str, *inputs: str) -> None:
    core = openvino.Core()
    network = core.read_model(model)
    about = json.loads(str(network.get_rt_info("fmtool").value))
    # By itself it would take bfloat16 where the processor has it.
    compiled = core.compile_model(network, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    for given in inputs:
        samples = model_inputs.read(given, about, model)
        found = compiled({about["input"]["name"]: samples})
        outputs = {name: found[name] for name in about["outputs"]}
        print(model_inputs.answer(given, about, outputs))


if __name__ == "__main__":
    main(*sys.argv[1:])
