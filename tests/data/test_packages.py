"""The ordinary package client fetches an archive, from a registry on loopback."""

import io
import json
import shutil
import tarfile

import pytest

from fmtool.data.fetching.packages import Package, fetch_package


def archive_with(document):
    """A .tgz with package.json, as registries serve them."""
    content = json.dumps(document).encode()
    member = tarfile.TarInfo("package/package.json")
    member.size = len(content)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_npm_downloads_the_version_that_is_named(server, tmp_path, monkeypatch):
    version = {"name": "some-data", "version": "1.0.0"}
    dist = {"tarball": f"{server.address}/some-data-1.0.0.tgz"}
    document = {"name": "some-data", "versions": {"1.0.0": version | {"dist": dist}}}
    server.files["some-data"] = json.dumps(document).encode()
    server.files["some-data-1.0.0.tgz"] = archive_with(version)
    monkeypatch.setenv("npm_config_registry", server.address)
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    archive = fetch_package(Package("npm", "some-data@1.0.0"), tmp_path / "into")
    assert archive.read_bytes() == server.files["some-data-1.0.0.tgz"]
