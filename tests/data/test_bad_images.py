"""Bad pictures and folders: exit code 65, one line that names the file, and no run directory."""

import os
import shutil
import socket
import struct
import subprocess
import unicodedata
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

TRAIN = ("train", "data=image_folder", "data.path=pictures")
CHECK = ("data", "check", "image_folder", "path=pictures")


@dataclass(frozen=True)
class Site:
    """A good set of two classes, to be spoilt."""

    root: Path
    save: Any
    """Writes a picture: save(path, size=, mode=, and what Pillow's save takes)."""

    def write(self, path: str, content: bytes = b"x") -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return file

    def cut(self, path: str, share: float, **options: Any) -> None:
        file = self.save(self.root / path, size=(64, 64), **options)
        content = file.read_bytes()
        file.write_bytes(content[: int(len(content) * share)])

    def overwrite(self, path: str, start: int, content: bytes, **options: Any) -> None:
        file = self.save(self.root / path, size=(64, 64), **options)
        whole = bytearray(file.read_bytes())
        whole[start : start + len(content)] = content
        file.write_bytes(whole)

    def link(self, path: str, target: str | Path) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)

    def split(self, *parts: str) -> None:
        """The classes below each of `parts` instead of below the root."""
        classes = list(self.root.iterdir())
        for part in parts:
            for folder in classes:
                shutil.copytree(folder, self.root / part / folder.name)
        for folder in classes:
            shutil.rmtree(folder)


@pytest.fixture
def site(pictures, save_picture):
    return Site(pictures, save_picture)


def png_header(width: int, height: int) -> bytes:
    """A PNG of grey pixels that says how many there are, and holds none."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in (header, data, b"IEND")
    )


def empty_class(site: Site) -> None:
    (site.root / "c").mkdir()


def only_in_validation(site: Site) -> None:
    site.split("train", "validation")
    site.save(site.root / "validation" / "c" / "0.png")


def misspelt_split(site: Site) -> None:
    site.split("train")
    site.save(site.root / "tset" / "a" / "0.png")


def one_class(site: Site) -> None:
    shutil.rmtree(site.root / "b")


def no_class(site: Site) -> None:
    shutil.rmtree(site.root / "b")
    shutil.rmtree(site.root / "a")


def no_folder(site: Site) -> None:
    shutil.rmtree(site.root)
    site.root.write_text("")


def unix_socket(site: Site) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(site.root / "a" / "s.png"))


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n(/tmp/x) (w) file\n"

CASES = {
    # case: (what spoils the set, the file named, what is said of it)
    "31 zero bytes": (lambda s: s.write("a/5.jpg", b""), "/a/5.jpg", "empty file"),
    "32 html": (lambda s: s.write("a/5.jpg", b"<!DOCTYPE html>"), "/a/5.jpg", "not an image"),
    "32 svg": (lambda s: s.write("a/5.png", SVG), "/a/5.png", "not an image"),
    "32 eps": (lambda s: s.write("a/5.png", EPS), "/a/5.png", "not an image"),
    "32 pdf": (lambda s: s.write("a/5.png", b"%PDF-1.7\n"), "/a/5.png", "not an image"),
    "32 text": (lambda s: s.write("a/labels.txt"), "/a/labels.txt", "not an image"),
    "33 cut jpeg": (lambda s: s.cut("a/5.jpg", 0.7), "/a/5.jpg", "truncated image"),
    "33 cut png": (lambda s: s.cut("a/5.png", 0.7), "/a/5.png", "truncated image"),
    "33 damaged tiff": (
        lambda s: s.overwrite("a/5.tif", 8, b"?" * 32, compression="tiff_adobe_deflate"),
        "/a/5.tif", "damaged image (",
    ),
    "34 120 megapixels": (
        lambda s: s.write("a/5.png", png_header(12_000, 10_000)),
        "/a/5.png", "10000x12000 pixels exceeds data.max_pixels=80000000; fix: ",
    ),
    "35 bomb": (
        lambda s: s.write("a/5.png", png_header(50_000, 50_000)),
        "/a/5.png", "more than 178956970 pixels exceeds data.max_pixels; fix: ",
    ),
    "36 sizes": (
        lambda s: s.save(s.root / "b" / "5.png", size=(40, 30)),
        "/b/5.png", "40x30 vs 8x8 of pictures/a/0.png; fix: set data.resize=",
    ),
    "37 lab": (
        lambda s: s.save(s.root / "a" / "5.tif", mode="LAB"),
        "/a/5.tif", "mode LAB; fix: save it in RGB or grey",
    ),
    "37 grey": (
        lambda s: s.save(s.root / "a" / "5.png", mode="L"),
        "/a/5.png", "mode L vs RGB of pictures/a/0.png; fix: set data.color=",
    ),
    "37 16 bits": (
        lambda s: s.save(s.root / "a" / "5.png", mode="I;16"),
        "/a/5.png", "mode I;16 (more than 8 bits), where 8 bits are expected; fix: save all",
    ),
    "37 32 bits": (
        lambda s: s.save(s.root / "a" / "5.tif", mode="F"),
        "/a/5.tif", "mode F (more than 8 bits), where 8 bits are expected; fix: save all",
    ),
    "41 empty class": (empty_class, "/c", "class 'c': 0 pictures; fix: "),
    "42 only in validation": (
        only_in_validation, "/validation/c", "class 'c' is absent from train; fix: ",
    ),
    "44 parent": (lambda s: s.link("a/up", ".."), "/a/up", "symlink loop; fix: "),
    "44 itself": (lambda s: s.link("a/5.png", "5.png"), "/a/5.png", "symlink loop; fix: "),
    "44 class": (lambda s: s.link("c", "."), "/c", "symlink loop; fix: "),
    "45 file": (lambda s: s.link("a/5.png", "/etc/passwd"), "/a/5.png", "link leaves dataset; fix"),
    "45 folder": (lambda s: s.link("c", "/etc"), "/c", "link leaves dataset; fix: "),
    "45 nowhere": (lambda s: s.link("a/5.png", "gone.png"), "/a/5.png", "no such file; fix: "),
    "47 fifo": (lambda s: os.mkfifo(s.root / "a/5.png"), "/a/5.png", "not a regular file; fix: "),
    "47 socket": (unix_socket, "/a/s.png", "not a regular file; fix: "),
    "48 case of a file": (
        lambda s: s.save(s.root / "a" / "0.PNG"), "/a/0.png", "names collide, '0.PNG' is there too",
    ),
    "48 case of a class": (
        lambda s: s.save(s.root / "A" / "0.png"), "/a", "names collide, 'A' is there too; fix: ",
    ),
    "48 unicode": (
        lambda s: [s.save(s.root / unicodedata.normalize(form, "é") / "0.png")
                   for form in ("NFC", "NFD")],
        "/é", "names collide, ",
    ),
    "one class": (one_class, "", "1 class, 'a' in train; need 2 classes; fix: "),
    "no class": (no_class, "", "0 class folders in train; need 2 classes; fix: "),
    "no folder": (no_folder, "", "not a folder; fix: "),
    "folder in a class": (
        lambda s: s.save(s.root / "a" / "more" / "0.png"), "/a/more", "a folder within class 'a'",
    ),
    "unlabelled": (
        lambda s: s.save(s.root / "0.png"), "/0.png", "a picture outside of the class folders",
    ),
    "misspelt split": (
        misspelt_split, "/tset", "not a split, beside train; fix: did you mean 'test'?",
    ),
    "name of control characters": (
        lambda s: s.save(s.root / "c\n\x1b[2J" / "0.png"),
        "/c\\n\\x1b[2J", "the name is not printable text; fix: ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_bad_pictures_end_with_65_and_one_line(call, fmtool, site, case):
    spoil, file, text = CASES[case]
    spoil(site)
    before = fmtool.files()
    outcome = call(*TRAIN)
    assert (outcome.code, outcome.out, fmtool.files()) == (65, "", before)
    assert unicodedata.normalize("NFC", outcome.error).startswith(f"error: pictures{file}: {text}")
    assert "; fix: " in outcome.error


@pytest.mark.parametrize("case", ["33 damaged tiff", "47 fifo"])
def test_in_a_process_of_its_own_the_libraries_add_no_line(fmtool, site, case):
    spoil, file, text = CASES[case]
    spoil(site)
    outcome = fmtool(*TRAIN)
    assert outcome.code == 65
    assert outcome.error.startswith(f"error: pictures{file}: {text}")


@pytest.mark.parametrize("path", ["a/0.png", "a"])
def test_what_may_not_be_read_is_permission_denied(fmtool, pictures, path):
    (pictures / path).chmod(0)
    prefix: tuple[str, ...] = ()
    if os.geteuid() == 0:
        prefix = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
        if shutil.which("setpriv") is None or subprocess.run([*prefix, "true"]).returncode:
            pytest.skip("root reads everything, and setpriv cannot take that away here")
    process = fmtool.start(*TRAIN, prefix=prefix)
    _, err = process.communicate(timeout=60)
    (pictures / path).chmod(0o755)
    assert process.returncode == 65
    assert err == f"error: pictures/{path}: permission denied; fix: make it readable\n"


def test_a_forged_length_reserves_no_memory(fmtool, site):
    content = bytearray((site.root / "a" / "0.png").read_bytes())
    start = content.index(b"IDAT") - 4
    content[start : start + 4] = struct.pack(">I", 0xF0000000)
    site.write("a/0.png", bytes(content))
    code = (
        "import resource, sys; from fmtool.cli.main import main;"
        "resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30));"
        "sys.exit(main(sys.argv[1:]))"
    )
    assert fmtool.python(code, *CHECK).code == 0


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["data.path=nowhere"], "data.path=nowhere: no such file or directory; fix: correct the p"),
        (["data.path="], "data.path: no folder or file is named; fix: write data.path=PATH"),
        (["data.resize=[8]"], "data.resize=[8] is not accepted; fix: "),
        (["data.resize=[8,0]"], "data.resize.1=0 is not accepted; fix: give a value greater than"),
        (["data.color=rbg"], "data.color=rbg is not accepted; fix: did you mean 'rgb'?"),
        (["data.max_pixels=0"], "data.max_pixels=0 is not accepted; fix: give a value greater tha"),
        (["data.max_pixels=200000000"], "data.max_pixels=200000000 is not accepted; fix: give a v"),
        (["data.test_fraction=1"], "data.test_fraction=1 is not accepted; fix: give a value less"),
        (["data.test_fraction=0"], "data.test_fraction=0 is not accepted; fix: give a value great"),
    ],
)
def test_a_wrong_key_ends_with_2(call, fmtool, pictures, argv, message):
    before = fmtool.files()
    outcome = call(*TRAIN, *argv)
    assert (outcome.code, fmtool.files()) == (2, before)
    assert outcome.error.startswith(f"error: {message}")


def test_the_largest_limit_of_pixels_is_that_of_pillow():
    from fmtool.data.image_folder import Config
    from fmtool.data.reading.image_files import MAX_PIXELS

    limits = [item.le for item in Config.model_fields["max_pixels"].metadata if hasattr(item, "le")]
    assert limits == [MAX_PIXELS] == [2 * Image.MAX_IMAGE_PIXELS]


def test_a_very_large_picture_below_the_limit_is_one_warning(call, site):
    Image.new("1", (9_500, 9_500)).save(site.root / "a" / "5.png")
    keys = ("max_pixels=100000000", "resize=[8,8]", "color=grayscale")
    outcome = call(*CHECK, *keys, "--json")
    assert outcome.code == 0
    assert outcome.err.splitlines()[0] == (
        "warning: pictures of more than 89478485 pixels: 1, such as pictures/a/5.png, 9500x9500"
    )


def test_wrong_extensions_are_one_warning_with_a_count(call, site):
    for number in (5, 6, 7):
        site.save(site.root / "b" / f"{number}.jpg", format="PNG")
    outcome = call(*CHECK)
    assert outcome.code == 0
    assert outcome.err.splitlines()[0] == (
        "warning: pictures with a wrong extension: 3, such as pictures/b/5.jpg, which is PNG"
    )


def test_what_systems_leave_behind_is_ignored_and_counted(call, site):
    for name in ("__MACOSX/a/0.png", "a/Thumbs.db", "b/.DS_Store", ".git/config", "README.md"):
        site.write(name)
    outcome = call(*CHECK, "--json")
    train, test = (outcome.json["splits"][part]["class_counts"] for part in ("train", "test"))
    assert [sum(each) for each in zip(train, test, strict=True)] == [5, 5]
    assert outcome.error == (
        "image_folder: 10 pictures of 2 classes in pictures, 5 other files ignored"
    )


def test_a_link_within_the_set_is_followed(call, site):
    site.link("b/5.png", "../a/0.png")
    assert "11 pictures of 2 classes" in call(*CHECK).err


def test_a_class_of_one_picture_is_not_drawn_to_the_test_split(call, site):
    site.save(site.root / "c" / "0.png")
    outcome = call(*CHECK, "test_fraction=0.8")
    assert outcome.code == 65
    assert outcome.error.startswith("error: pictures: class 'c': 1 of 1 drawn to the test split")


@pytest.mark.parametrize(
    ("storage", "needed"),
    [("device", "582.1"), ("host", "582.1"), ("auto", "58.2"), ("stream", "58.2")],
)
def test_more_than_the_memory_ends_with_71_which_for_a_stream_is_one_picture(
    call, site, storage, needed
):
    outcome = call(*TRAIN, "data.resize=[8000000,8000000]", f"data.storage={storage}")
    assert outcome.code == 71
    assert outcome.error.startswith(f"error: pictures: {needed} TiB do not fit into the ")
