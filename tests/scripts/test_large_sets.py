from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("contest")


def test_the_npz_file_has_about_the_size_that_was_asked_for(tmp_path: Path) -> None:
    from contest.large_sets import arrays

    arrays(tmp_path, 10_000_000)
    with np.load(tmp_path / "large.npz") as saved:
        assert saved["x"].shape[1:] == (64, 64, 3)
        assert 0.6 * 10_000_000 < saved["x"].nbytes <= 10_000_000
        assert saved["y"].shape == saved["x"].shape[:1]


def test_the_pictures_are_large_only_once_they_are_decoded(tmp_path: Path) -> None:
    from contest.large_sets import image_folder

    image_folder(tmp_path, 8 * 512 * 512 * 3)
    pictures = list((tmp_path / "pictures").glob("class*/*.png"))
    assert len(pictures) == 8
    assert sum(path.stat().st_size for path in pictures) < 8 * 512 * 512 * 3 / 20
