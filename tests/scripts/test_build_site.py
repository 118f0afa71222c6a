"""The site builds from what is there, its links hold, and it asks nothing of the network."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OUTSIDE = re.compile(
    r"""<(?:script|link|img|iframe)[^>]*(?:src|href)=["']?(?:https?:)?//[^"' >]+"""
)


@pytest.mark.slow  # 5 seconds; the pages change less often than the code
def test_the_site_builds_without_a_link_that_leads_nowhere():
    pytest.importorskip("material")
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "build_site")],
        env={"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    pages = [*(ROOT / "build" / "site").rglob("*.html")]
    assert {"index.html", "tour.html", "own-data.html", "model.html"} <= {p.name for p in pages}
    fetched = {
        (page.name, found)
        for page in pages
        for found in OUTSIDE.findall(page.read_text(encoding="utf-8"))
        if 'rel="canonical"' not in found
    }
    assert fetched == set()
    # What scripts would fetch later.
    hosts = re.compile(r"unpkg|jsdelivr|cdnjs|googleapis|gstatic")
    assert [page.name for page in pages if hosts.search(page.read_text(encoding="utf-8"))] == []
