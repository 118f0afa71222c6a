"""One training step in a process of its own, to see whether it fits into memory.

Reads a line of JSON on stdin, which then stays open for as long as somebody wants the answer, and
prints a line of JSON last.
"""

import json
import os
import resource
import sys
import threading
from collections.abc import Mapping
from typing import Any

from fmtool import registry, validate
from fmtool.errors import FmtoolError, OutOfMemory, to_json
from fmtool.machine import memory
from fmtool.training.dry_run import one_step
from fmtool.training.session import load_data


def main() -> None:
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _tighten_limits(request["share"])
    print(json.dumps(_answer(request)))


def _answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a `batch_size.Probe`, or an error with its exit code."""
    try:
        registry.load_plugins(request["plugins"])
        cfg = validate.train_config(request["config"])
        facts = one_step(cfg, load_data(cfg))
    except OutOfMemory:
        return {"obstacle": "runs out of memory"}
    except FmtoolError as error:
        return {"exit_code": error.exit_code, "error": to_json(error)}
    return {"peak": facts["peak_memory_bytes"], "device": facts["device"]}


def _end_with_parent() -> None:
    """Past Python's own stdin, whose lock would be held at the end of this process."""
    os.read(0, 1)
    os._exit(1)


def _tighten_limits(share: float) -> None:
    for limit in memory.LIMITS:
        soft, hard = resource.getrlimit(limit)
        if soft != resource.RLIM_INFINITY:
            resource.setrlimit(limit, (int(share * soft), hard))


if __name__ == "__main__":
    main()
