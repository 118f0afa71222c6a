import errno
import json
import os
import resource
import stat
from pathlib import Path

import pytest

from fmtool.errors import CannotCreate, OutOfDescriptors
from fmtool.runs.atomic import sync, write_bytes, write_json, write_text, write_with


def names(directory):
    return sorted(entry.name for entry in directory.iterdir())


def test_a_file_is_replaced_by_the_new_content_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "file.txt"
    write_text(path, "old")
    write_text(path, "new ä")
    assert path.read_text(encoding="utf-8") == "new ä"
    assert names(tmp_path) == ["file.txt"]


def test_json_is_strict(tmp_path):
    write_json(tmp_path / "x.json", {"loss": float("nan")})
    assert json.loads((tmp_path / "x.json").read_text(), parse_constant=pytest.fail) == {
        "loss": None
    }


def test_the_umask_decides_who_may_read_the_file(tmp_path):
    before = os.umask(0o027)
    try:
        write_text(tmp_path / "file", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


def test_the_writer_is_given_a_path_with_the_suffix_of_the_target(tmp_path):
    seen = []
    write_with(tmp_path / "model.keras", lambda path: seen.append(path) or path.touch())
    assert seen[0].suffix == ".keras"
    assert seen[0].parent == tmp_path
    assert (tmp_path / "model.keras").exists()


def test_a_writer_that_fails_leaves_the_old_file_and_no_temporary_one(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")

    def fail(temporary):
        temporary.write_text("half")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_with(path, fail)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file"]


def test_file_and_directory_are_synced_around_the_rename(tmp_path, monkeypatch):
    synced = []
    real = os.fsync

    def fsync(descriptor):
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    write_text(tmp_path / "file", "x")
    assert synced[0].startswith(f"{tmp_path}/.fmtool-")
    assert synced[1:] == [str(tmp_path)]


def test_what_cannot_be_synced_at_all_is_no_error_and_a_failing_disk_is_one(monkeypatch):
    """Some network file systems know no fsync of a folder, as this device knows none."""
    sync(Path("/dev/null"))

    def fail(descriptor):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output error"):
        sync(Path("/dev/null"))


def test_a_full_disk_exits_74_with_path_and_bytes_and_keeps_the_old_file(tmp_path, python):
    path = tmp_path / "file"
    path.write_text("old")
    done = python(
        """
        import resource, sys
        from pathlib import Path
        from fmtool.errors import FmtoolError
        from fmtool.runs.atomic import write_bytes
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            write_bytes(Path(sys.argv[1]), b"x" * 5000)
        except FmtoolError as error:
            print(error)
            sys.exit(error.exit_code)
        """,
        path,
    )
    assert done.returncode == 74
    assert f"cannot write {path}: File too large (5000 bytes needed, " in done.stdout
    assert " bytes free)" in done.stdout
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("place", ["missing", "file", "n" * 300])
def test_a_place_where_nothing_can_be_created_exits_73(tmp_path, place):
    (tmp_path / "file").touch()
    with pytest.raises(CannotCreate, match="cannot create") as caught:
        write_bytes(tmp_path / place / "below", b"x")
    assert caught.value.exit_code == 73


def test_a_directory_without_write_permission_exits_73(tmp_path, python):
    place = tmp_path / "read_only"
    place.mkdir(mode=0o555)
    done = python(
        """
        import os, sys
        from pathlib import Path
        from fmtool.errors import FmtoolError
        from fmtool.runs.atomic import write_bytes
        if os.geteuid() == 0:
            os.seteuid(65534)
        try:
            write_bytes(Path(sys.argv[1]), b"x")
        except FmtoolError as error:
            print(error)
            sys.exit(error.exit_code)
        """,
        place / "file",
    )
    assert done.returncode == 73, done.stderr
    assert "Permission denied" in done.stdout


def test_too_few_descriptors_are_named_as_what_they_are(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        with pytest.raises(OutOfDescriptors, match="too many open files"):
            write_bytes(tmp_path / "file", b"x")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
