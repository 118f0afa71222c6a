"""Archives are read member by member; what is hostile in them is refused or never touched."""

import gzip
import io
import tarfile

import pytest

from fmtool.data.fetching.archives import deb_members, gunzip, tar_members
from fmtool.errors import DataError, Unavailable


def make_tar(*members: tuple[tarfile.TarInfo | str, bytes], mode: str = "w:gz") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:
        for member, content in members:
            entry = tarfile.TarInfo(member) if isinstance(member, str) else member
            if entry.isreg():
                entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def make_deb(data_name: str, data: bytes) -> bytes:
    def entry(name: str, content: bytes) -> bytes:
        header = f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
        return header + content + b"\n" * (len(content) % 2)

    parts = entry("debian-binary", b"2.0\n") + entry("control.tar.xz", b"odd")
    return b"!<arch>\n" + parts + entry(data_name, data)


@pytest.fixture
def read(tmp_path):
    def read(content: bytes, sizes: dict[str, int], reader=tar_members) -> dict[str, bytes]:
        path = tmp_path / "archive"
        path.write_bytes(content)
        return dict(reader(path, sizes))

    return read


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz", "w:bz2"])
def test_only_the_named_members_are_read(read, mode):
    archive = make_tar(("./a", b"1"), ("b", b"2"), ("c", b"3"), mode=mode)
    assert read(archive, {"a": 1, "c": 1}) == {"a": b"1", "c": b"3"}


def test_a_member_above_its_size_is_refused(read):
    with pytest.raises(DataError, match="holds a as something else"):
        read(make_tar(("a", b"12")), {"a": 1})


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE])
def test_a_member_that_is_not_a_regular_file_is_refused(read, kind):
    entry = tarfile.TarInfo("a")
    entry.type, entry.linkname = kind, "/etc/passwd"
    with pytest.raises(DataError, match="holds a as something else"):
        read(make_tar((entry, b"")), {"a": 100})


def test_members_that_point_outside_are_never_written(read, tmp_path):
    archive = make_tar(("../escaped", b"x"), ("/escaped", b"x"), ("a", b"1"))
    assert read(archive, {"a": 1}) == {"a": b"1"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive"]
    assert not (tmp_path.parent / "escaped").exists()


def test_a_missing_member_is_named(read):
    with pytest.raises(DataError, match="lacks b"):
        read(make_tar(("a", b"1")), {"a": 1, "b": 1})


def test_a_truncated_archive_is_damaged(read):
    content = make_tar(("a", bytes(100_000)), mode="w")
    with pytest.raises(DataError, match="is damaged"):
        read(content[:50_000], {"a": 100_000})


def test_something_that_is_no_archive_is_damaged(read):
    with pytest.raises(DataError, match="is damaged"):
        read(b"<html>not found</html>", {"a": 1})


def test_an_archive_that_unpacks_without_end_is_refused(read):
    entry = tarfile.TarInfo("bomb")
    entry.size = 2 << 30
    header = entry.tobuf()
    with pytest.raises(DataError, match="unpacks to more than"):
        read(header, {"a": 1})


@pytest.mark.parametrize(("suffix", "mode"), [("gz", "w:gz"), ("xz", "w:xz")])
def test_the_files_of_a_debian_package_are_read(read, suffix, mode):
    package = make_deb(f"data.tar.{suffix}", make_tar(("./usr/share/a", b"1"), mode=mode))
    assert read(package, {"usr/share/a": 1}, deb_members) == {"usr/share/a": b"1"}


def test_a_package_compressed_with_zstd_leaves_the_choice_to_other_sources(read):
    with pytest.raises(Unavailable, match="zstd"):
        read(make_deb("data.tar.zst", b"x"), {"a": 1}, deb_members)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK", "is not a Debian package"),
        (b"!<arch>\n" + b"data.tar.xz".ljust(58) + b"`\n", "size that cannot be right"),
        (b"!<arch>\n", "holds no data.tar"),
    ],
)
def test_a_malformed_debian_package_is_refused(read, content, reason):
    with pytest.raises(DataError, match=reason):
        read(content, {"a": 1}, deb_members)


def test_a_gzip_file_above_its_size_is_refused():
    with pytest.raises(DataError, match="here unpacks to more than 10 bytes"):
        gunzip(gzip.compress(bytes(11)), 10, origin="here")


def test_a_damaged_gzip_file_is_refused():
    with pytest.raises(DataError, match="here is damaged"):
        gunzip(gzip.compress(b"1234567890")[:-6], 10, origin="here")
