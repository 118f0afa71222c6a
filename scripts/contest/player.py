"""A contestant's side of the turns: what a child process says to the benchmark that started it.

Imports the standard library alone, so that an environment without fmtool can play.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, NoReturn


class Runner:
    """Does a round of work each time it is told to.

    One JSON object a line on what was stdout when the process began; whatever else the process
    prints goes to stderr.
    """

    def __init__(self) -> None:
        self._answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)

    def wait(self) -> None:
        """Until it is this contestant's turn; ends the process when the benchmark is over."""
        if not sys.stdin.readline():
            os._exit(0)

    def tell(self, **facts: Any) -> None:
        """When ready, what it is; after each turn, what came of it."""
        print(json.dumps(facts), file=self._answers, flush=True)

    def play(self, work: Callable[[], Mapping[str, Any]]) -> NoReturn:
        """Does `work` at each turn; tells what it gives and the seconds that it took."""
        while True:
            self.wait()
            began = time.perf_counter()
            found = work()
            self.tell(seconds=time.perf_counter() - began, **found)
