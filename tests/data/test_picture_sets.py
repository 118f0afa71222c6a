"""Sets of pictures whose values are scaled, put on a background or lost: levels, digests, ends."""

import json
import shutil
from functools import cache

import numpy as np
import pytest
import yaml
from PIL import Image

from fmtool import validate
from fmtool.config.compose import compose
from fmtool.data.samples.images import is_in_memory
from fmtool.data.splitting import loading
from fmtool.errors import DataError, UsageError
from fmtool.runs.layout import INPUTS

BLACK_SHAPES = {
    "circle": lambda y, x, r: y * y + x * x <= r * r,
    "square": lambda y, x, r: (abs(y) <= r) & (abs(x) <= r),
}


@pytest.fixture
def icons(fmtool):
    """Black everywhere; the shape is in the alpha channel alone."""
    y, x = np.mgrid[-8:8, -8:8]
    for name, inside in BLACK_SHAPES.items():
        for number in range(10):
            pixels = np.zeros((16, 16, 4), np.uint8)
            pixels[..., 3] = 255 * inside(y - number % 2, x, 4 + number // 5)
            save(fmtool.folder / "icons" / name / f"{number}.png", pixels)
    return fmtool.folder / "icons"


@pytest.fixture
def scans(fmtool):
    """12 bits in use of 16, all of which have the same upper 8."""
    rng = np.random.default_rng(0)
    for name, mean in (("healthy", 1850), ("lesion", 1980)):
        for number in range(10):
            values = mean + 12 * rng.standard_normal((6, 5))
            save(fmtool.folder / "scans" / name / f"{number}.png", values.astype(np.uint16))
    return fmtool.folder / "scans"


def save(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    picture.save(path, **options)


def grey(value, size=(4, 4)):
    return Image.new("L", size, value)


@cache
def defaults():
    return compose("train", ["data=image_folder"])["data"]


def load(root, *words, artifacts=None, **changes):
    """As a training loads it, and with `artifacts` as everything that comes after it.

    `words` are keys with values, as they are typed behind `data.`.
    """
    typed = {
        key: yaml.safe_load(value) for key, _, value in (word.partition("=") for word in words)
    }
    raw = defaults() | {"path": str(root)} | typed | changes
    return loading.load(validate.option("data", raw), seed=0, artifacts=artifacts)


def pixels_of(data):
    return np.concatenate([part.x[:] for part in data.splits.parts.values()])


def check(call, path, *keys):
    return call("data", "check", "image_folder", f"path={path}", *keys)


def test_a_folder_of_icons_is_taken_with_one_line_that_says_how(call, icons):
    outcome = check(call, "icons")
    assert outcome.code == 0
    assert outcome.err.splitlines() == [
        "pictures with transparency, put on white (data.background): 20, such as "
        "icons/circle/0.png",
        "image_folder: 20 pictures of 2 classes in icons",
    ]
    assert set(np.unique(pixels_of(load(icons)))) == {0, 255}


def test_digests_of_pictures_of_8_bits_are_what_they_always_were(tmp_path):
    for label, name in enumerate("ab"):
        for number in range(4):
            pixels = (np.arange(48).reshape(4, 4, 3) * (number + 3) + label * 50).astype(np.uint8)
            save(tmp_path / name / f"{number}.png", pixels)
    data = load(tmp_path)
    assert data.splits.digest == "9d43fbc039f25760ec1c2ab5a53a79424fab8bfbf1230c8a54f820ccd7bd301f"
    assert data.splits.artifacts == {}


@pytest.mark.parametrize("limit", [None, 9])
def test_the_levels_are_the_range_of_the_rows_that_are_trained_on(scans, fmtool, limit):
    root = fmtool.folder / "set"
    shutil.copytree(scans, root / "train")
    for name, value in (("healthy", 100), ("lesion", 60_000)):
        save(root / "test" / name / "0.png", np.full((6, 5), value, np.uint16))
    data = load(root, limit=limit, validation_fraction=0.2)
    values = np.stack([np.asarray(Image.open(each)) for each in sorted(root.glob("train/*/*"))])
    trained = values[data.selection.train]
    low, high = int(trained.min()), int(trained.max())
    assert json.loads(data.splits.artifacts[INPUTS]) == {"levels": {"low": low, "high": high}}
    assert (low, high) != (values.min(), values.max())
    exact = np.rint((values.clip(low, high) - float(low)) / (high - low) * 255)
    np.testing.assert_array_equal(data.splits.train.x[..., 0], exact)
    assert [np.unique(each).tolist() for each in data.splits.test.x] == [[0], [255]]


def test_a_run_gives_other_pictures_its_own_levels_and_counts_what_is_beyond(scans, capsys):
    trained = load(scans)
    again = load(scans, artifacts=trained.splits.artifacts)
    np.testing.assert_array_equal(pixels_of(again), pixels_of(trained))
    assert again.splits.artifacts == trained.splits.artifacts
    for path in scans.rglob("*.png"):
        save(path, np.asarray(Image.open(path)) + np.uint16(1000))
    capsys.readouterr()
    shifted = load(scans, artifacts=trained.splits.artifacts)
    assert (pixels_of(shifted) == 255).all()
    levels = json.loads(trained.splits.artifacts[INPUTS])["levels"]
    low, high = (int(levels[end]) for end in ("low", "high"))
    said = (
        f"image_folder: pictures with values beyond {low} to {high}, which become {low} or {high}: "
        "16 in train, 4 in test"
    )
    assert said in capsys.readouterr().err


def test_storage_and_format_have_no_part_in_pixels_and_digest(scans, tmp_path):
    held, streamed = (load(scans, storage=each) for each in ("host", "stream"))
    assert [is_in_memory(each.splits.train.x) for each in (held, streamed)] == [True, False]
    for path in scans.rglob("*.png"):
        copy = tmp_path / "as_tiff" / path.relative_to(scans).with_suffix(".tif")
        save(copy, np.asarray(Image.open(path)).astype(np.int32))
    others = load(tmp_path / "as_tiff")
    for each in (streamed, others):
        np.testing.assert_array_equal(pixels_of(each), pixels_of(held))
        assert each.splits.digest == held.splits.digest
        assert each.splits.artifacts == held.splits.artifacts


def test_deep_pictures_are_scaled_before_they_are_resized(scans):
    data = load(scans, resize=[3, 2])
    assert data.splits.train.x.shape == (16, 3, 2, 1)
    whole = load(scans)
    resized = [
        np.asarray(Image.fromarray(each[..., 0]).resize((2, 3), Image.Resampling.BILINEAR))
        for each in whole.splits.test.x
    ]
    np.testing.assert_array_equal(data.splits.test.x[..., 0], resized)


def test_duplicates_of_deep_pictures_are_those_of_their_values(call, fmtool):
    for name, start, steps in (("a", 1000, (0, 0, 1, 2, 3)), ("b", 60_000, (0, 1, 2, 3, 4))):
        for number, step in enumerate(steps):
            values = np.full((2, 2), start + step, np.uint16)
            save(fmtool.folder / "set" / name / f"{number}.png", values)
    found = check(call, "set", "--json").json
    repeated = sum(found["splits"][part]["duplicates"] for part in ("train", "test"))
    assert repeated + found["test_images_in_train"] == 1


TWINS = {
    # what becomes equal: (two pictures, keys, the words that name what to change)
    "shapes without their alpha": (
        [np.dstack([np.zeros((4, 4, 3), np.uint8), np.full((4, 4), a, np.uint8)]) for a in (9, 99)],
        ["background=black"],
        "set data.background=white",
    ),
    "white on white": (
        [np.dstack([np.full((4, 4, 3), 255, np.uint8), np.full((4, 4), a, np.uint8)])
         for a in (9, 99)],
        [],
        "set data.background=black",
    ),
    "values with the same upper bits": (
        [np.array([[1030, 1040]], np.uint16), np.array([[1050, 1060]], np.uint16)],
        ["levels=upper"],
        "set data.levels=auto",
    ),
    "values beyond the levels": (
        [np.array([[1030, 1040]], np.uint16), np.array([[1050, 1060]], np.uint16)],
        ["levels=[0,1000]"],
        "set data.levels=auto",
    ),
    "colours of the same grey": (
        [Image.new("RGB", (4, 4), (255, 0, 0)), Image.new("RGB", (4, 4), (76, 76, 76))],
        ["color=grayscale"],
        "set data.color=rgb",
    ),
    "detail that resizing loses": (
        [np.tile(np.array(row, np.uint8), (4, 2)) for row in ([0, 254], [254, 0])],
        ["resize=[1,1]"],
        "set data.resize=[2,2]",
    ),
    "what a crop cuts off": (
        [np.array([[end, 9, 9, 9, 9, end]] * 2, np.uint8) for end in (0, 200)],
        ["resize=[2,2]", "resize_mode=crop"],
        "set data.resize_mode=pad",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TWINS)
def test_what_a_conversion_makes_equal_ends_it_and_the_fix_can_be_typed(fmtool, monkeypatch, case):
    monkeypatch.chdir(fmtool.folder)
    twins, keys, fix = TWINS[case]
    for label, (name, twin) in enumerate(zip("ab", twins, strict=True)):
        save(fmtool.folder / "set" / name / "twin.png", twin)
        like = np.asarray(twin)
        for number in range(4):
            # Different whatever is done to them.
            step = 2 * number + label + 1
            other = np.full_like(like, (step + 4) * 256 if "levels=upper" in keys else step * 25)
            if like.shape[-1] == 4:
                other[..., 3] = 255
            save(fmtool.folder / "set" / name / f"{number}.png", other)
    with pytest.raises(DataError) as caught:
        load("set", *keys)
    assert caught.value.message == (
        "set/a/twin.png (class 'a') and set/b/twin.png (class 'b') are different pictures, but "
        "equal as they are read"
    )
    assert caught.value.fix == fix
    word = fix.removeprefix("set data.")
    load("set", *keys, word)


def test_what_only_the_test_split_loses_is_found_and_the_levels_of_all_mend_it(fmtool):
    for name, value in (("a", 1000), ("b", 1500)):
        for number in range(3):
            values = np.full((2, 2), value + number, np.uint16)
            save(fmtool.folder / "set" / "train" / name / f"{number}.png", values)
        values = np.full((2, 2), value * 20, np.uint16)
        save(fmtool.folder / "set" / "test" / name / "0.png", values)
    with pytest.raises(DataError) as caught:
        load(fmtool.folder / "set")
    assert caught.value.fix == "set data.levels=[1000,30000]"
    load(fmtool.folder / "set", "levels=[1000,30000]")


def test_a_training_ends_before_keras_and_leaves_nothing(call, icons, fmtool):
    before = fmtool.files()
    outcome = call("train", "data=image_folder", "data.path=icons", "data.background=none")
    assert outcome.code == 65
    assert outcome.err.splitlines()[-1].startswith("error: icons/circle/0.png (class 'circle') and")
    assert outcome.err.endswith("fix: set data.background=white\n")
    assert fmtool.files() == before


def test_animations_that_begin_alike_are_different_pictures(pictures):
    for name, color in (("a", 50), ("b", 90)):
        frames = [Image.new("RGB", (8, 8), (value, 0, 0)) for value in (0, color)]
        frames[0].save(pictures / name / "9.gif", save_all=True, append_images=frames[1:])
    with pytest.raises(DataError, match="are different pictures") as caught:
        load(pictures)
    assert caught.value.fix == "remove one of them, or give both one class"
    shutil.copy(pictures / "a" / "9.gif", pictures / "b" / "9.gif")
    load(pictures)


def test_the_same_picture_in_two_classes_loses_nothing(icons):
    shutil.copy(icons / "circle" / "0.png", icons / "square" / "copy.png")
    picture = Image.open(icons / "circle" / "1.png")
    save(icons / "square" / "as_webp.webp", picture, lossless=True, exact=True)
    load(icons)


def test_empty_pictures_of_other_sizes_are_one_picture(tmp_path):
    rng = np.random.default_rng(0)
    for name, height in (("a", 8), ("b", 12)):
        for number in range(3):
            noise = rng.integers(0, 256, (height, 9, 3), dtype=np.uint8)
            save(tmp_path / name / f"{number}.png", noise)
        save(tmp_path / name / "empty.png", np.full((height, 9, 3), 255, np.uint8))
    load(tmp_path, resize=[4, 4])


def test_old_runs_drop_transparency_and_keep_the_upper_bits(icons, scans):
    from fmtool.runs.upgrade import completed

    keys = completed({"data": {"name": "image_folder"}})["data"]
    assert (keys["background"], keys["levels"]) == ("none", "upper")
    old = {"background": "none", "levels": "upper", "color": "rgb"}
    assert not pixels_of(load(icons, artifacts={}, **old)).any()
    assert set(np.unique(pixels_of(load(scans, artifacts={}, **old)))) == {7}


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (np.uint8, np.uint16, "mode I;16 (more than 8 bits), where 8 bits are expected"),
        (np.uint16, np.uint8, "mode L (8 bits), where more than 8 bits are expected"),
        (np.uint8, np.float32, "mode F (more than 8 bits), where 8 bits are expected"),
    ],
)
def test_depths_are_not_mixed(call, fmtool, first, second, message):
    for name, dtype in (("a", first), ("b", second)):
        for number in range(3):
            values = (np.arange(16).reshape(4, 4) + number).astype(dtype)
            save(fmtool.folder / "set" / name / f"{number}.tif", values)
    with pytest.raises(DataError) as caught:
        load(fmtool.folder / "set")
    assert caught.value.message.endswith(f"/set/b/0.tif: {message}")
    assert caught.value.fix.startswith("save all pictures with one depth")
    if second is np.uint16:
        assert caught.value.fix.endswith(", or set data.levels=upper")
        load(fmtool.folder / "set", "levels=upper")
        report = call("data", "inspect", "path=set", "--json")
        assert report.code == 65
        assert (report.json["problems"][0]["count"], report.json["usable"]) == (3, False)


def test_levels_of_a_set_of_8_bits_are_a_mistake(pictures):
    with pytest.raises(DataError, match="where more than 8 bits are expected"):
        load(pictures, "levels=[0,4095]")


@pytest.mark.parametrize("levels", ["[5,5]", "[9,1]", "[1]", "[0,.inf]", "lower"])
def test_levels_that_cannot_be_are_refused(scans, levels):
    with pytest.raises(UsageError, match="levels"):
        load(scans, f"levels={levels}")


def test_pictures_of_one_value_are_refused(fmtool):
    for name in "ab":
        for number in range(3):
            save(fmtool.folder / "set" / name / f"{number}.png", np.full((4, 4), 700, np.uint16))
    with pytest.raises(DataError, match="every pixel of the training pictures is 700"):
        load(fmtool.folder / "set")


@pytest.mark.parametrize("trained_on", ["8 bits", "more than 8 bits"])
def test_a_run_takes_no_pictures_of_another_depth(scans, pictures, trained_on):
    trained, other = (pictures, scans) if trained_on == "8 bits" else (scans, pictures)
    artifacts = load(trained).splits.artifacts
    with pytest.raises(DataError, match=f"but the run was trained on pictures of {trained_on}"):
        load(other, artifacts=artifacts)


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"levels": 3}', '{"levels": {"low": 5, "high": 5}}']
)
def test_a_damaged_artifact_is_bad_data(scans, content):
    with pytest.raises(DataError, match="damaged"):
        load(scans, artifacts={INPUTS: content})


def test_an_inspection_says_what_becomes_of_transparency_and_depth(call, icons, scans):
    report = call("data", "inspect", "path=icons", "--json").json
    said = {each["message"]: each["stops_training"] for each in report["problems"]}
    (line,) = [each for each in said if "transparency" in each]
    assert line.startswith("pictures with transparency, put on white (data.background): 20")
    assert report["duplicates"]["across_classes"] == []
    assert report["next"][0] == "fmtool train model=cnn data=image_folder data.path=icons"
    report = call("data", "inspect", "path=scans", "--json").json
    assert report["duplicates"]["groups"] == []
    assert [each["message"] for each in report["problems"] if "more than 8" in each["message"]] == [
        "pictures of more than 8 bits, scaled by the range of the training pictures: 20, such as "
        "scans/healthy/0.png"
    ]
    assert report["next"][0] == "fmtool train model=cnn data=image_folder data.path=scans"


def test_an_inspection_lists_what_a_training_would_end_with(call, fmtool):
    for name, alpha in (("a", 9), ("b", 99)):
        for number in range(3):
            pixels = np.full((4, 4, 4), 255, np.uint8)
            pixels[..., 3] = alpha
            pixels[0, 0, :3] = number * 9 * (name == "a")
            save(fmtool.folder / "set" / name / f"{number}.png", pixels)
        save(
            fmtool.folder / "set" / name / "9.png",
            np.full((4, 4, 4), (255, 255, 255, alpha), np.uint8),
        )
    report = call("data", "inspect", "path=set", "--json").json
    (stopping,) = [each for each in report["problems"] if "different pictures" in each["message"]]
    assert stopping["stops_training"]
    assert stopping["fix"] == "set data.background=black"
