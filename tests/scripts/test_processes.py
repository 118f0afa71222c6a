import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("contest")

SCRIPTS = Path(__file__).parents[2] / "scripts"
SLOW_AFTER_A_LINE = "import time; print('step 1', flush=True); time.sleep(60)"


def test_a_command_is_stopped_at_the_line_that_was_waited_for(tmp_path: Path) -> None:
    from contest.processes import finish

    finished = finish([sys.executable, "-c", SLOW_AFTER_A_LINE], tmp_path, until="step")
    assert [line for _, line in finished.lines] == ["step 1"]
    assert finished.seconds == finished.lines[0][0] < 30


def test_a_command_that_never_prints_the_line_ends_the_benchmark(tmp_path: Path) -> None:
    from contest.processes import finish

    with pytest.raises(SystemExit, match="step 1\nfailed"):
        finish([sys.executable, "-c", "print('step 1')"], tmp_path, until="epoch")


def test_a_command_that_fails_ends_the_benchmark_with_its_last_lines(tmp_path: Path) -> None:
    from contest.processes import finish

    with pytest.raises(SystemExit, match="no data\nfailed"):
        finish([sys.executable, "-c", "import sys; sys.exit('no data')"], tmp_path)


PEAKS = """
import sys
from pathlib import Path
from contest.processes import finish

for code in ("pass", "x = bytearray(b'1') * 300_000_000; del x"):
    print(finish([sys.executable, "-c", code], Path.cwd()).peak_bytes)
"""


def test_the_peak_holds_what_a_process_had_for_a_moment(fmtool) -> None:
    # In a process of its own, which is as small as one that measures has to be.
    idle, busy = map(int, fmtool.python(PEAKS, PYTHONPATH=str(SCRIPTS)).out.split())
    assert busy - idle > 150_000_000
