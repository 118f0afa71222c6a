"""A private cache, tiny data sets in the official layouts, and a loopback server to fetch from."""

import gzip
import hashlib
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fmtool.data.base import SetInfo
from fmtool.data.fetching import idx
from fmtool.data.fetching.acquire import Recipe
from fmtool.data.fetching.download import RemoteFile
from fmtool.data.fetching.four_arrays import Arrays
from fmtool.targets import Label


@pytest.fixture(autouse=True)
def data_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache; nothing of the user's own is read or written."""
    root = tmp_path / "cache"
    monkeypatch.setenv("FMTOOL_DATA", str(root))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("FMTOOL_OFFLINE", raising=False)
    return root


@pytest.fixture
def arrays() -> Arrays:
    """Six training and four test images of 5x4 pixels in three classes."""
    pixels = np.random.default_rng(0).integers(0, 256, (10, 5, 4, 1), dtype=np.uint8)
    labels = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2, 0], np.int32)
    return Arrays(pixels[:6], labels[:6], pixels[6:], labels[6:])


@pytest.fixture
def info(arrays: Arrays) -> SetInfo:
    return SetInfo(
        name="tiny",
        title="Tiny",
        licence="none",
        citation="none",
        homepage="none",
        target=Label(("a", "b", "c")),
        image_shape=(5, 4, 1),
        train_size=6,
        test_size=4,
        download_bytes=1,
        digests=arrays.digests(),
    )


@pytest.fixture
def idx_files(arrays: Arrays) -> dict[str, bytes]:
    """The four files of `arrays`, compressed, by official name."""

    def encode(values: np.ndarray) -> bytes:
        header = bytes((0, 0, 8, values.ndim)) + struct.pack(f">{values.ndim}I", *values.shape)
        return gzip.compress(header + values.astype(np.uint8).tobytes(), mtime=0)

    return {
        "train-images-idx3-ubyte.gz": encode(arrays.x_train[..., 0]),
        "train-labels-idx1-ubyte.gz": encode(arrays.y_train),
        "t10k-images-idx3-ubyte.gz": encode(arrays.x_test[..., 0]),
        "t10k-labels-idx1-ubyte.gz": encode(arrays.y_test),
    }


@dataclass
class Server:
    """What a loopback server serves, how it misbehaves, and what it was asked for."""

    files: dict[str, bytes]
    address: str = ""
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    """Name and Range header."""
    cut_after: list[int] = field(default_factory=list)
    """Bytes after which each of the next answers breaks off."""
    status: int = 200
    """What every answer is refused with, if not 200."""
    can_resume: bool = True
    delay: float = 0.0
    """Seconds before each answer."""

    def remote(self, name: str, *, sha256: str | None = None) -> RemoteFile:
        content = self.files[name]
        digest = sha256 or hashlib.sha256(content).hexdigest()
        return RemoteFile(name, (f"{self.address}/{name}",), len(content), digest)


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, state: Server, *args: object) -> None:
        self.state = state
        super().__init__(*args)

    def do_GET(self) -> None:
        name, wanted = self.path.lstrip("/"), self.headers.get("Range")
        self.state.requests.append((name, wanted))
        time.sleep(self.state.delay)
        if self.state.status != 200:
            self.send_error(self.state.status)
            return
        content = self.state.files[name]
        resumes = wanted is not None and self.state.can_resume
        body = content[int(wanted[len("bytes=") : -1]) :] if resumes else content
        self.send_response(206 if resumes else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        cut = self.state.cut_after.pop(0) if self.state.cut_after else len(body)
        self.wfile.write(body[:cut])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(idx_files: dict[str, bytes]) -> Iterator[Server]:
    state = Server(dict(idx_files))
    listener = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, state))
    state.address = f"http://127.0.0.1:{listener.server_port}"
    thread = threading.Thread(target=listener.serve_forever, args=(0.01,))
    thread.start()
    yield state
    listener.shutdown()
    thread.join()
    listener.server_close()


@pytest.fixture
def recipe(info: SetInfo, server: Server) -> Recipe:
    """The tiny set, from its official server."""
    official = tuple(server.remote(name) for name in server.files)
    return Recipe(info, official, idx.read_folder, accepted="the four idx files")


@pytest.fixture
def place(data_root: Path) -> Callable[[dict[str, bytes]], Path]:
    """Puts files into the tiny set's folder, as a user would; returns the folder."""

    def put(files: dict[str, bytes]) -> Path:
        folder = data_root / "tiny"
        folder.mkdir(parents=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        return folder

    return put


@pytest.fixture
def save_picture() -> Callable[..., Path]:
    """Writes noise as a picture; its file name chooses the format unless `format` does."""

    def save(
        path: Path, *, size: tuple[int, int] = (8, 8), mode: str = "RGB", **options: Any
    ) -> Path:
        height, width = size
        seed = zlib.crc32(str(path.name).encode())
        noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
        path.parent.mkdir(parents=True, exist_ok=True)
        if mode == "I;16":
            picture = Image.fromarray(noise[..., 0].astype(np.uint16) * 257)
        else:
            picture = Image.fromarray(noise).convert(mode)
        picture.save(path, **options)
        return path

    return save


@pytest.fixture
def pictures(fmtool: Any, save_picture: Callable[..., Path]) -> Path:
    """Class folders `a` and `b` of five colour pictures of 8x8 pixels each."""
    root: Path = fmtool.folder / "pictures"
    for name in "ab":
        for number in range(5):
            save_picture(root / name / f"{number}.png")
    return root
