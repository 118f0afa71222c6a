"""What is drawn, read back from the figures, and how a picture reaches the disk."""

import math
import subprocess
import sys
import warnings

import numpy as np
import pytest
from PIL import Image

from fmtool.drawing.figures import figure_to_array, save_png
from fmtool.errors import WriteFailed
from fmtool.evaluation.plots import curves_figure
from fmtool.evaluation.sheets import as_text, entries, list_figure, pictures_figure
from fmtool.tasks.shared.class_plots import confusion_figure
from fmtool.tasks.shared.reporting import Sheet


def epoch(number, **metrics):
    return {
        "kind": "epoch", "epoch": number, "step": number, "seconds": 1.0,
        "learning_rate": 0.1 / number, "samples_per_second": 1.0, **metrics,
    }  # fmt: skip


ROWS = [
    {**epoch(1, loss=9.0), "kind": "step"},
    epoch(1, loss=3.0, accuracy=0.2, val_loss=3.5, val_accuracy=0.1),
    epoch(2, loss=2.0, accuracy=0.4, val_loss=None, val_accuracy=0.3, non_finite=["val_loss"]),
    epoch(3, loss=1.0, accuracy=0.6, val_loss=2.5, val_accuracy=0.5),
]
PIXELS = np.arange(4 * 5 * 5, dtype=np.uint8).reshape(4, 5, 5, 1) % 17


@pytest.fixture(autouse=True)
def warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def texts(axes):
    return [text.get_text() for text in axes.texts]


def captions(figure):
    return [text.get_text() for text in figure.texts if text.get_text() != figure.get_suptitle()]


def test_there_is_a_panel_per_metric_and_one_for_the_learning_rate():
    assert [axes.get_title() for axes in curves_figure(ROWS).axes] == [
        "loss",
        "accuracy",
        "learning rate",
    ]


def test_training_and_validation_share_a_panel():
    loss = curves_figure(ROWS).axes[0]
    assert [line.get_label() for line in loss.lines] == ["training", "validation"]
    assert list(loss.lines[0].get_xdata()) == [1, 2, 3]
    assert list(loss.lines[0].get_ydata()) == [3.0, 2.0, 1.0]


def test_a_null_leaves_a_gap():
    validation = curves_figure(ROWS).axes[0].lines[1].get_ydata()
    assert math.isnan(validation[1])
    assert (validation[0], validation[2]) == (3.5, 2.5)


def test_a_run_without_validation_has_one_curve_a_panel():
    figure = curves_figure([epoch(1, loss=1.0), epoch(2, loss=0.5)])
    assert [len(axes.lines) for axes in figure.axes] == [1, 1]


def test_a_run_that_ended_before_its_first_epoch_can_be_drawn():
    assert figure_to_array(curves_figure(ROWS[:1])).size


def test_the_counts_are_written_into_the_cells():
    axes = confusion_figure([[8, 2], [0, 5]], ["no", "yes"]).axes[0]
    assert texts(axes) == ["8", "2", "0", "5"]
    assert axes.get_title() == "13 of 15 right (86.7%)"
    assert [label.get_text() for label in axes.get_yticklabels()] == ["no", "yes"]


def test_colour_is_the_share_of_the_true_class_and_an_absent_class_is_blank():
    axes = confusion_figure([[3, 1], [0, 0]], ["a", "b"]).axes[0]
    assert axes.images[0].get_array().tolist() == [[0.75, 0.25], [0, 0]]


@pytest.mark.parametrize(("classes", "cells"), [(20, 400), (21, 0), (100, 0)])
def test_beyond_twenty_classes_no_cell_has_text(classes, cells):
    matrix = np.eye(classes, dtype=int)
    axes = confusion_figure(matrix, [f"name {index}" for index in range(classes)]).axes[0]
    assert len(axes.texts) == cells
    assert len(axes.get_xticklabels()) == classes


def test_the_best_epoch_is_marked_in_each_panel_of_a_metric():
    loss, accuracy, rate = curves_figure(ROWS, best_epoch=3).axes
    for panel in (loss, accuracy):
        assert list(panel.lines[-1].get_xdata()) == [3, 3]
        assert panel.get_legend().get_texts()[-1].get_text() == "best epoch, 3"
    assert len(rate.lines) == 1


def test_a_constant_learning_rate_is_drawn_as_one():
    rows = [epoch(1, loss=1.0) | {"learning_rate": 1e-3} for _ in range(3)]
    axes = curves_figure(rows).axes[-1]
    assert axes.get_title() == "learning rate, constant"
    assert axes.get_ylim() == (0, 2e-3)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0", "0.001"]
    falling = curves_figure(ROWS).axes[-1]
    assert (falling.get_title(), falling.get_ylim()[0]) == ("learning rate", 0)


TWO = ["ship\nseen as cat\n90%", "cat\nseen as ship\n70%"]
SHEET = Sheet("2 mistakes in 4 samples", [2, 3], TWO)


def drawn(sheet, names, images=PIXELS, pixel_max=16):
    found = entries(sheet, np.array(names, object), lambda row: "")
    return pictures_figure(sheet, found, images, pixel_max)


def test_the_samples_of_a_sheet_are_shown_in_its_order_with_names_and_captions():
    long = "a folder/with a long name/and a picture of it.png"
    figure = drawn(SHEET, ["x", "y", 17, long])
    assert captions(figure) == [
        f"no. 17\n{TWO[0]}",
        f"a folder/with a long name/\nand a picture of it.png\n{TWO[1]}",
    ]  # fmt: skip
    assert figure.get_suptitle() == "2 mistakes in 4 samples"


def test_no_caption_reaches_into_its_neighbour_or_out_of_the_picture():
    names = [f"{'w' * 40}{place}.png" for place in range(4)]
    figure = drawn(Sheet("", [0, 1, 2, 3], ["seen as a very long … a class 17"] * 4), names)
    figure_to_array(figure)
    boxes = [text.get_window_extent() for text in figure.texts if text.get_text()]
    ends = [x for box in boxes for x in (box.x0, box.x1)]
    assert ends == sorted(ends)
    assert ends[0] >= 0
    assert ends[-1] <= figure.bbox.width


def test_samples_that_are_no_pictures_are_a_list():
    texts_of = ["", "", "fine, and a good film", "word " * 200]
    found = entries(SHEET, np.array(["a", "b", 5, "neg/\udcff.txt"], object), texts_of.__getitem__)
    assert as_text(SHEET, found).splitlines() == [
        "2 mistakes in 4 samples",
        "no. 5\tship, seen as cat, 90%\tfine, and a good film",
        f"neg/\\udcff.txt\tcat, seen as ship, 70%\t{'word ' * 200}",
    ]
    figure = list_figure(SHEET, found)
    lines = [text.get_text() for text in figure.texts if text.get_text() != SHEET.title]
    assert lines[:2] == ["no. 5  ship, seen as cat, 90%", "fine, and a good film"]
    assert lines[2] == "neg/\\udcff.txt  cat, seen as ship, 70%"
    assert lines[-1].endswith(" ...")
    figure_to_array(figure)
    for text in figure.texts:
        box = text.get_window_extent()
        assert 0 <= box.x0 <= box.x1 <= figure.bbox.width
        assert 0 <= box.y0 <= box.y1 <= figure.bbox.height


def test_pixels_are_scaled_by_the_largest_value():
    shown = np.asarray(drawn(SHEET, range(4)).images[0].get_array())
    assert shown.shape[0] > 100
    # Pixels stay squares: each corner is that of the image.
    corners = PIXELS[2, ..., 0][[0, 0, -1, -1], [0, -1, 0, -1]]
    wanted = np.rint(corners / 16 * 255)
    assert shown[[0, 0, -1, -1], [0, -1, 0, -1], 0].tolist() == wanted.tolist()


def test_colours_are_shown_as_they_are():
    images = np.zeros((2, 4, 4, 3), np.uint8)
    images[1, ..., 2] = 255
    figure = drawn(Sheet("", [1], [""]), ["a", "b"], images, 255)
    shown = np.asarray(figure.images[0].get_array())
    assert shown[0, 0].tolist() == [0, 0, 255]
    assert np.ptp(shown, axis=(0, 1)).tolist() == [0, 0, 0]


def test_large_pictures_become_small_ones_of_the_same_proportions():
    images = np.full((1, 900, 300, 3), 128, np.uint8)
    shown = np.asarray(drawn(Sheet("", [0], [""]), ["a"], images, 255).images[0].get_array())
    height, width, _ = shown.shape
    assert height < 200
    assert abs(height / width - 3) < 0.1
    assert np.ptp(shown) == 0


def test_names_are_not_read_as_formulas_and_long_ones_keep_their_ends():
    names = ["$\\frac$", "a very long name of a class 17"]
    figure = confusion_figure([[1, 0], [0, 1]], names)
    figure_to_array(figure)
    shown = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert shown == ["$\\frac$", "a very long … a class 17"]
    figure_to_array(drawn(Sheet("$\\frac$", [0], ["$\\frac$"]), ["$\\frac$"] * 4))


def test_a_figure_becomes_an_array_for_tensorboard():
    array = figure_to_array(confusion_figure([[1, 0], [0, 1]], ["a", "b"]))
    assert array.dtype == np.uint8
    assert array.ndim == 3
    assert array.shape[2] == 3
    assert array.min() < 64
    assert array.max() == 255


def test_a_saved_picture_is_a_png_and_leaves_no_draft(tmp_path):
    path = tmp_path / "curves.png"
    save_png(curves_figure(ROWS), path)
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        assert picture.width > 1000
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_keeps_the_earlier_picture(tmp_path, monkeypatch):
    path = tmp_path / "curves.png"
    path.write_bytes(b"earlier")
    figure = curves_figure(ROWS)

    def full_disk(picture, draft, **_):
        draft.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full_disk)
    with pytest.raises(WriteFailed, match=r"cannot write .*curves\.png: No space left on device"):
        save_png(figure, path)
    assert path.read_bytes() == b"earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_pyplot_and_its_global_state_stay_out():
    modules = "sys, fmtool.evaluation.plots, fmtool.tasks.shared.class_plots"
    script = f"import {modules}; print('matplotlib.pyplot' in sys.modules)"
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert finished.stdout == "False\n"
