"""The TensorBoard sink alone: what it imports, and what a failing disk does to it."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from fmtool.logging.tensorboard import TensorBoardSink

SCRIPT = """
import sys
from pathlib import Path
from types import SimpleNamespace
sys.modules["tensorflow"] = None
import numpy as np
from fmtool.logging.tensorboard import TensorBoardSink
row = {"epoch": 1, "step": 1, "seconds": 1.0, "learning_rate": 0.1, "samples_per_second": 1.0}
sink = TensorBoardSink(Path(sys.argv[1]), config_text="epochs: 1", model_summary="dense")
sink.start(SimpleNamespace(past=()))
sink.step({"kind": "step", **row, "loss": 0.5})
sink.epoch({"kind": "epoch", **row, "loss": 0.5, "val_loss": 0.25})
sink.images("confusion_matrix", np.zeros((4, 4, 3), np.uint8), 1)
sink.hparams({"seed": 1}, {"test_loss": 0.25})
sink.close()
print(*sorted({"torch", "keras", "comet_ml"} & set(sys.modules)))
"""


@pytest.fixture
def sink(tmp_path):
    return TensorBoardSink(tmp_path / "tensorboard", config_text="seed: 1", model_summary="dense")


def event_files(directory):
    return sorted(str(path.relative_to(directory).parent) for path in directory.rglob("*tfevents*"))


def test_it_needs_neither_tensorflow_nor_torch(tmp_path):
    finished = subprocess.run(
        [sys.executable, "-c", SCRIPT, tmp_path], capture_output=True, text=True
    )
    assert (finished.returncode, finished.stdout.strip(), finished.stderr) == (0, "", "")
    assert event_files(tmp_path) == ["result", "train", "validation"]


def test_without_validation_there_is_no_validation_run(sink, plan, epoch_row, tmp_path):
    sink.start(plan)
    sink.epoch(epoch_row(1, loss=0.5))
    sink.close()
    assert event_files(tmp_path / "tensorboard") == ["train"]


def test_images_after_close_do_not_empty_the_files_before(sink, plan, tmp_path):
    image = np.zeros((4, 4, 3), np.uint8)
    sink.images("first", image, 1)
    sink.close()
    sink.images("second", image, 1)
    sink.close()
    files = list((tmp_path / "tensorboard" / "result").iterdir())
    assert len(files) == 2
    assert all(file.stat().st_size > 100 for file in files)


def test_a_directory_that_cannot_be_made_is_one_warning(sink, plan, epoch_row, tmp_path, capsys):
    (tmp_path / "tensorboard").write_text("in the way")
    sink.start(plan)
    sink.epoch(epoch_row(1, loss=0.5, val_loss=0.5))
    sink.hparams({"seed": 1}, {"test_loss": 0.5})
    sink.close()
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("warning: TensorBoard files stop here: cannot write ")
    assert line.endswith("tensorboard: Not a directory")


def test_a_full_disk_is_one_warning_and_training_goes_on(tmp_path):
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))\n"
    finished = subprocess.run(
        [sys.executable, "-c", limit + SCRIPT, tmp_path], capture_output=True, text=True
    )
    assert finished.returncode == 0
    (line,) = finished.stderr.splitlines()
    assert line == (
        f"warning: TensorBoard files stop here: cannot write {tmp_path}: File too large"
    )


@pytest.mark.parametrize("size", [0, 30, 100])
def test_a_truncated_event_file_does_not_stop_the_training_that_writes_it(
    sink, plan, epoch_row, tmp_path, capsys, size
):
    sink.start(plan)
    sink.epoch(epoch_row(1))
    (file,) = (tmp_path / "tensorboard" / "train").iterdir()
    os.truncate(file, size)
    sink.epoch(epoch_row(2))
    sink.close()
    assert file.stat().st_size > size
    assert capsys.readouterr().err == ""


def test_a_resumed_training_replaces_a_truncated_event_file_by_a_whole_one(
    sink, plan, epoch_row, tmp_path
):
    killed = TensorBoardSink(tmp_path / "tensorboard", config_text="seed: 1", model_summary="dense")
    killed.start(plan)
    killed.epoch(epoch_row(1))
    (torn,) = (tmp_path / "tensorboard" / "train").iterdir()
    whole = torn.stat().st_size
    os.truncate(torn, whole - 5)
    sink.start(replace(plan, step=100, epochs_done=1, past=[epoch_row(1)]))
    sink.close()
    (file,) = (tmp_path / "tensorboard" / "train").iterdir()
    assert file != torn
    assert file.stat().st_size == whole
