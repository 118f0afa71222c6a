"""Downloads: resumed, retried once, and visible only when they are right."""

import pytest

from fmtool.data.fetching.download import RemoteFile, download
from fmtool.errors import DataError, Unavailable, WriteFailed

NAME = "big.bin"
CONTENT = bytes(range(256)) * 4_000


@pytest.fixture
def big(server):
    server.files[NAME] = CONTENT
    return server.remote(NAME)


def test_a_download_has_the_content_that_was_served(big, tmp_path):
    assert download(big, tmp_path).read_bytes() == CONTENT


def test_a_cut_transfer_is_resumed_where_it_stopped(server, big, tmp_path):
    server.cut_after = [300_000]
    assert download(big, tmp_path).read_bytes() == CONTENT
    assert server.requests == [(NAME, None), (NAME, "bytes=300000-")]


def test_a_part_left_by_a_killed_process_is_resumed(server, big, tmp_path):
    (tmp_path / f"{NAME}.part").write_bytes(CONTENT[:1000])
    assert download(big, tmp_path).read_bytes() == CONTENT
    assert server.requests == [(NAME, "bytes=1000-")]


def test_a_damaged_part_is_dropped_and_the_file_fetched_anew(server, big, tmp_path):
    (tmp_path / f"{NAME}.part").write_bytes(b"x" * 1000)
    assert download(big, tmp_path).read_bytes() == CONTENT
    assert server.requests == [(NAME, "bytes=1000-"), (NAME, None)]


def test_a_server_that_cannot_resume_is_read_from_the_start(server, big, tmp_path):
    server.can_resume, server.cut_after = False, [300_000]
    assert download(big, tmp_path).read_bytes() == CONTENT


def test_a_file_that_is_already_there_is_fetched_again_only_if_it_is_damaged(server, big, tmp_path):
    (tmp_path / NAME).write_bytes(CONTENT)
    assert download(big, tmp_path).read_bytes() == CONTENT
    assert server.requests == []
    (tmp_path / NAME).write_bytes(b"damaged")
    assert download(big, tmp_path).read_bytes() == CONTENT


def test_a_failing_server_is_asked_twice_then_reported(server, big, tmp_path):
    server.status = 503
    with pytest.raises(Unavailable, match="HTTP Error 503"):
        download(big, tmp_path)
    assert len(server.requests) == 2


def test_a_missing_file_is_asked_for_once(server, big, tmp_path):
    server.status = 404
    with pytest.raises(Unavailable, match="HTTP Error 404"):
        download(big, tmp_path)
    assert len(server.requests) == 1


def test_the_next_address_is_tried_when_one_fails(server, big, tmp_path):
    closed = RemoteFile(NAME, ("http://127.0.0.1:1/x", *big.urls), big.size, big.sha256)
    assert download(closed, tmp_path).read_bytes() == CONTENT


def test_a_file_with_the_wrong_digest_is_refused_and_leaves_nothing(server, big, tmp_path):
    with pytest.raises(DataError, match=r"SHA-256 [0-9a-f]{12}, expected 000000000000"):
        download(server.remote(NAME, sha256="0" * 64), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_a_write_error_and_not_a_network_one(big, tmp_path):
    (tmp_path / f"{NAME}.part").symlink_to("/dev/full")
    with pytest.raises(WriteFailed, match="No space left on device"):
        download(big, tmp_path)


def test_no_more_than_the_declared_size_is_kept_on_disk(server, big, tmp_path):
    declared = RemoteFile(NAME, big.urls, 10, big.sha256)
    with pytest.raises(DataError, match="SHA-256"):
        download(declared, tmp_path)
    assert list(tmp_path.iterdir()) == []
