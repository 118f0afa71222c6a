"""The folder of a study holds links of its own making, and no others."""

import pytest

from fmtool.errors import Refused
from fmtool.tuning.workflow import Place


@pytest.fixture
def cluster(tmp_path):
    folder = tmp_path / "studies" / "s" / "cluster"
    folder.mkdir(parents=True)
    (folder / "1_submission.sh").write_text("#!/bin/sh\n")
    return folder


def test_a_submission_to_slurm_links_to_its_own_script(tmp_path, cluster):
    (cluster / ".submission_file_ab.sh").symlink_to(cluster / "1_submission.sh")
    assert Place.of("s", tmp_path, "sqlite:///x").paths.cluster == cluster


def test_a_link_out_of_the_folder_of_submissions_is_refused(tmp_path, cluster):
    (cluster / ".submission_file_ab.sh").symlink_to(tmp_path / "elsewhere.sh")
    with pytest.raises(Refused, match=r"\.submission_file_ab\.sh is a symbolic link"):
        Place.of("s", tmp_path, "sqlite:///x")
