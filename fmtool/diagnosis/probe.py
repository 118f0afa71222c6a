"""One backend as it works, in a process of its own: `python -m fmtool.diagnosis.probe`."""

import json
import sys
import time
from pathlib import Path
from typing import Any


def facts_of(name: str) -> dict[str, Any]:
    """The device and versions that a training on it has; raises whatever its import raises."""
    from fmtool import backend
    from fmtool.schema import RuntimeConfig

    began = time.monotonic()
    asked = RuntimeConfig.model_validate(
        {
            "backend": name,
            "device": "auto",
            "precision": "float32",
            "threads": "auto",
            "deterministic": False,
            "jit": "auto",
            "steps_per_dispatch": "auto",
            "profile": False,
        }
    )
    chosen = backend.select(asked)

    import keras

    from fmtool.machine import devices
    from fmtool.machine.processor import processor

    ones = keras.ops.ones((8, 8))
    if float(keras.ops.convert_to_numpy(keras.ops.sum(keras.ops.matmul(ones, ones)))) != 8**3:
        raise RuntimeError("a product of matrices is wrong")
    gpus = devices.gpus() if chosen.device == "gpu" else []
    has_bfloat16 = all(each.has_bfloat16 for each in gpus) if gpus else processor().has_bfloat16
    return {
        "device": chosen.device,
        "gpus": [each.name for each in gpus],
        "threads": chosen.threads,
        "bfloat16": has_bfloat16,
        "keras": keras.__version__,
        "version": str(sys.modules[name].__version__),
        "seconds": round(time.monotonic() - began, 2),
    }


def main(name: str, file: str) -> None:
    """Writes the facts into a file: what libraries print while they load is no answer."""
    Path(file).write_text(json.dumps(facts_of(name)), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
