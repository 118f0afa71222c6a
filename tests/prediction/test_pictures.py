"""Pictures are found in order, decoded as for a training, and named when they cannot be used."""

import dataclasses

import numpy as np
import pytest
import small_onnx
from PIL import Image

from fmtool.data.reading.image_files import read_image
from fmtool.data.reading.picture_modes import Look
from fmtool.prediction.pictures import Pictures


def rows(outcome):
    return [(each["input"], each["label"]) for each in outcome.json["predictions"]]


def test_a_folder_is_read_with_all_its_folders_in_order(predict, pictures):
    (pictures / "b" / "notes.md").write_text("no picture")
    (pictures / ".hidden.png").write_text("nor this")
    outcome = predict("image", "input=pictures", "--json")
    assert rows(outcome) == [
        ("pictures/a.png", "blue"), ("pictures/b/c.png", "green"), ("pictures/b/d.png", "red"),
    ]  # fmt: skip
    assert outcome.error == "pictures: ignored 1 file without a picture"


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("pictures/b/c.png", ["pictures/b/c.png"]),
        ("pictures/b/*.png", ["pictures/b/c.png", "pictures/b/d.png"]),
        ("pictures/**/*.png", ["pictures/a.png", "pictures/b/c.png", "pictures/b/d.png"]),
    ],
)
def test_a_file_or_a_pattern_names_pictures(predict, pictures, words, names):
    assert [name for name, _ in rows(predict("image", f"input={words}", "--json"))] == names


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(predict, pictures, save_picture):
    save_picture(pictures / "[1].png", (0, 255, 0))
    assert rows(predict("image", "input=pictures/[1].png", "--json")) == [
        ("pictures/[1].png", "green")
    ]


def test_a_table_names_pictures_below_its_folder(predict, pictures):
    (pictures / "list.csv").write_text("n,file\n1,b/d.png\n2,../image.onnx\n3,a.png\n")
    outcome = predict("image", "input=pictures/list.csv", "on_error=skip", "--json")
    assert outcome.code == 65
    first, second, third = outcome.json["predictions"]
    assert (first["input"], first["label"]) == ("pictures/b/d.png", "red")
    assert second["error"].startswith("pictures/list.csv:3: '../image.onnx' leaves the folder")
    assert (third["input"], third["label"]) == ("pictures/a.png", "blue")


def test_a_picture_is_turned_as_its_exif_says(predict, models, save_picture):
    small_onnx.write(models / "wide.onnx", "image", (2, 4, 3))
    turned = Image.Exif()
    turned[0x0112] = 6
    save_picture(models / "tall.png", (255, 0, 0), size=(2, 4), exif=turned)
    assert predict("wide", "input=tall.png", "--json").json["counts"] == {"red": 1}


def test_another_size_is_an_error_that_names_the_fix(predict, pictures, save_picture):
    save_picture(pictures / "e.png", (255, 0, 0), size=(9, 6))
    outcome = predict("image", "input=pictures")
    assert (outcome.code, outcome.out) == (65, "")
    assert outcome.error == (
        "error: pictures/e.png: 6x9 pixels, the model reads 4x4; "
        "fix: set data.resize_mode=stretch, crop or pad"
    )


@pytest.mark.parametrize("mode", ["stretch", "crop", "pad"])
def test_a_resized_picture_is_that_of_a_training(models, mode):
    path = models / "noise.png"
    noise = np.random.default_rng(0).integers(0, 256, (9, 17, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    look = Look(
        color="rgb",
        background="white",
        levels=None,
        max_pixels=1000,
        size=(4, 4),
        resize_mode=mode,
    )
    expected = read_image(path, look, None)
    found = Pictures([path], (4, 4, 3), look)[0]
    np.testing.assert_array_equal(found, expected)


def test_grey_pictures_are_made_what_the_model_reads(predict, models, pictures):
    Image.new("L", (4, 4), 7).save(pictures / "grey.png")
    assert predict("image", "input=pictures/grey.png", "--json").json["predicted"] == 1
    refused = predict("image", "input=pictures/grey.png", "data.color=auto")
    assert refused.code == 65
    assert "mode L, the model reads RGB; fix: set data.color=rgb" in refused.error


def test_pictures_of_any_size_go_to_a_model_that_resizes_them_itself(
    predict, models, pictures, save_picture
):
    small_onnx.write(models / "any.onnx", "image", (None, None, 3))
    save_picture(pictures / "e.png", (0, 255, 0), size=(9, 6))
    outcome = predict("any", "input=pictures", "--json")
    assert outcome.json["counts"] == {"red": 1, "green": 2, "blue": 1}


def test_pixels_of_another_range_are_not_what_pictures_have(predict, models, pictures):
    reads = dataclasses.replace(small_onnx.metadata("image", (4, 4, 3)).input, maximum=16)
    small_onnx.write(models / "dark.onnx", "image", (4, 4, 3), input=reads)
    outcome = predict("dark", "input=pictures")
    assert outcome.code == 65
    assert "reads pixels from 0 to 16 in 3 channels, which no picture has" in outcome.error


def test_skipped_pictures_are_counted_and_keep_their_place(predict, pictures):
    (pictures / "b" / "bad.png").write_bytes(b"no picture")
    outcome = predict("image", "input=pictures", "on_error=skip", "output=found.csv")
    assert outcome.code == 65
    lines = (pictures.parent / "found.csv").read_text().splitlines()
    assert lines[0] == "input,label,probability,error"
    assert lines[2].startswith('pictures/b/bad.png,,,"pictures/b/bad.png: not an image; fix: ')
    assert lines[3] == "pictures/b/c.png,green,1.0,"
    assert outcome.err.splitlines()[-2:] == [
        "skipped: pictures/b/bad.png: not an image; fix: remove it, or save it as PNG, JPEG, BMP, "
        "GIF, WEBP, TIFF, PPM, PCX, SGI",
        "error: 1 of 4 were skipped",
    ]


def test_the_first_bad_picture_ends_it_and_the_output_stays_as_it_was(predict, pictures):
    (pictures / "b" / "bad.png").write_bytes(b"no picture")
    found = pictures.parent / "found.csv"
    found.write_text("before")
    outcome = predict("image", "input=pictures", "output=found.csv", "batch_size=1")
    assert (outcome.code, found.read_text()) == (65, "before")
    assert outcome.error.startswith("error: pictures/b/bad.png: not an image")
    assert sorted(path.name for path in found.parent.iterdir()) == [
        "found.csv", "image.onnx", "numbers.onnx", "pictures",
    ]  # fmt: skip


def test_a_folder_without_pictures_is_bad_data(predict, models):
    (models / "empty").mkdir()
    outcome = predict("image", "input=empty")
    assert outcome.code == 65
    assert outcome.error.startswith("error: empty: 0 pictures in it; fix: name a folder of")


def test_arrays_with_channels_first_are_named_as_such(predict, models):
    np.save(models / "first.npy", np.zeros((2, 3, 4, 4), np.uint8))
    outcome = predict("image", "input=first.npy")
    assert outcome.code == 65
    assert outcome.error.endswith("; fix: channels come last: save x.transpose(0, 2, 3, 1)")
    np.save(models / "last.npy", np.zeros((2, 3, 4, 4), np.uint8).transpose(0, 2, 3, 1))
    assert predict("image", "input=last.npy").code == 0


PREPARED = {"color": "rgb", "background": "white", "levels": None, "resize_mode": "stretch"}


def probabilities(outcome):
    (found,) = outcome.json["predictions"]
    return found["probabilities"]


def softmax(pixel):
    exponents = np.exp(np.array(pixel, float) - max(pixel))
    return dict(zip(small_onnx.LABELS, exponents / exponents.sum(), strict=True))


@pytest.mark.parametrize(
    ("said", "key", "pixel"),
    [
        ({"background": "white"}, None, (127, 128, 126)),
        ({"background": "black"}, None, (0, 1, -1)),
        ({"background": "white"}, "black", (0, 1, -1)),
        (None, None, (0, 2, -2)),
    ],
    ids=["white", "black", "typed", "of an earlier release"],
)
def test_transparency_is_what_the_file_says_unless_typed(predict, models, said, key, pixel):
    prepared = {} if said is None else PREPARED | said
    small_onnx.write(models / "own.onnx", "image", (4, 4, 3), preprocessing=prepared)
    Image.new("RGBA", (4, 4), (2, 4, 0, 128)).save(models / "a.png")
    keys = [] if key is None else [f"data.background={key}"]
    outcome = predict("own", "input=a.png", "probabilities=true", "--json", *keys)
    assert outcome.code == 0, outcome.err
    assert probabilities(outcome) == pytest.approx(softmax(pixel), abs=1e-5)
    assert "pictures with transparency, " in outcome.error


@pytest.mark.parametrize(
    ("levels", "key", "grey"),
    [([1000, 1255], None, 45), (None, "[900,1410]", 72), ("upper", None, 4), (None, "upper", 4)],
)
def test_deep_pictures_are_scaled_as_the_file_says_unless_typed(models, levels, key, grey):
    from fmtool.config.compose import compose
    from fmtool.prediction import predictor, reading, sources
    from fmtool.schema import PredictConfig

    small_onnx.write(
        models / "own.onnx", "image", (4, 4, 3), preprocessing=PREPARED | {"levels": levels}
    )
    Image.fromarray(np.full((4, 4), 1045, np.uint16)).save(models / "a.png")
    keys = [] if key is None else [f"data.levels={key}"]
    path = models / "own.onnx"
    cfg = PredictConfig.model_validate(compose("predict", [f"input={models}/a.png", *keys]))
    asked = predictor.of_file(path, cfg, origin="own")
    (block,) = reading.blocks(cfg, asked, sources.find(cfg.input))
    assert np.unique(block.samples).tolist() == [grey]


@pytest.mark.parametrize(
    ("levels", "dtype", "message"),
    [
        (None, np.uint16, "mode I;16 (more than 8 bits), where 8 bits are expected; fix: save all"),
        ([0, 9], np.uint8, "mode L (8 bits), where more than 8 bits are expected; fix: save all"),
    ],
)
def test_pictures_of_another_depth_are_refused(predict, models, levels, dtype, message):
    prepared = PREPARED | {"levels": levels}
    small_onnx.write(models / "own.onnx", "image", (4, 4, 3), preprocessing=prepared)
    Image.fromarray(np.full((4, 4), 9, dtype)).save(models / "a.png")
    outcome = predict("own", "input=a.png")
    assert outcome.code == 65
    assert outcome.error.startswith(f"error: a.png: {message}")


def test_what_is_beyond_the_levels_is_counted_in_one_line(predict, models):
    prepared = PREPARED | {"levels": [0, 1000]}
    small_onnx.write(models / "own.onnx", "image", (4, 4, 3), preprocessing=prepared)
    for number, value in enumerate((5, 1005, 2005)):
        path = models / "deep" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((4, 4), value, np.uint16)).save(path)
    outcome = predict("own", "input=deep")
    assert outcome.code == 0
    assert outcome.error == (
        "pictures with values beyond 0 to 1000, which become 0 or 1000: 2, such as deep/1.png"
    )
