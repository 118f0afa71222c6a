"""The user's own pictures and arrays are trained on and evaluated by the real command."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

TILE = 32
NETWORK = ("model=cnn", "model.filters=[8]", "model.dense_units=[]", "epochs=4", "batch_size=16")


def tiles(name: str) -> list[np.ndarray]:
    """Squares of one of scikit-learn's two photographs, 427x640 pixels each."""
    package = find_spec("sklearn")
    assert package is not None
    assert package.origin is not None
    path = Path(package.origin).parent / "datasets" / "images" / f"{name}.jpg"
    with Image.open(path) as picture:
        pixels = np.asarray(picture)
    rows, columns = (length // TILE for length in pixels.shape[:2])
    return [
        pixels[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
        for row in range(rows)
        for column in range(columns)
    ]


@pytest.fixture(scope="module")
def trained(session_command, tmp_path_factory):
    """Trainings on the tiles as pictures, as arrays, and as pictures and arrays on the disk."""
    command = session_command(tmp_path_factory.mktemp("own"))
    images, labels = [], []
    for label, name in enumerate(("china", "flower")):
        folder = command.folder / "pictures" / name
        folder.mkdir(parents=True)
        for number, tile in enumerate(tiles(name)):
            Image.fromarray(tile).save(folder / f"{number:03}.png")
            images.append(tile)
            labels.append(label)
    names = np.array(["china", "flower"])
    np.savez(command.folder / "set.npz", x=np.stack(images), y=labels, class_names=names)
    sources = (
        ("data=image_folder", "data.path=pictures"),
        ("data=arrays", f"data.path={command.folder}/set.npz"),
        ("data=image_folder", "data.path=pictures", "data.storage=stream"),
        ("data=arrays", "data.path=set.npz", "data.storage=stream"),
    )
    processes = [command.start("train", *NETWORK, *source, "--json") for source in sources]
    outcomes = []
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        outcomes.append((out, err))
    return command, outcomes


def result(trained, index):
    import json

    return json.loads(trained[1][index][0])


def test_pictures_are_learnt(trained):
    assert result(trained, 0)["metrics"]["accuracy"] > 0.8
    assert "image_folder: 520 pictures of 2 classes in pictures" in trained[1][0][1]


@pytest.mark.parametrize("index", [1, 2, 3], ids=["arrays", "streamed pictures", "streamed arrays"])
def test_the_same_pixels_from_elsewhere_give_the_same_model(trained, index):
    assert result(trained, index)["metrics"] == result(trained, 0)["metrics"]


def test_a_run_on_pictures_is_evaluated_by_the_command(trained):
    command, _ = trained
    run = result(trained, 0)["run_directory"]
    outcome = command("evaluate", f"run={run}", "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.json["accuracy"] == result(trained, 0)["metrics"]["accuracy"]
