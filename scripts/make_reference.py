"""Writes docs/reference: keys of commands and groups, and the objects that commands print.

python scripts/make_reference.py            writes the pages
python scripts/make_reference.py --check    exit code 1 where one would be written anew
"""

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from reference import keys, objects

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "reference"


def pages() -> Mapping[Path, str]:
    """The text of each page, by its path."""
    found = {
        PAGES / "commands.md": keys.commands(),
        PAGES / "settings.md": keys.settings(),
        PAGES / "json.md": objects.objects(),
    }
    found |= {PAGES / f"{name}.md": keys.group(name) for name in keys.GROUPS}
    note = "<!-- Written by scripts/make_reference.py from conf/ and the schemas: change those. -->"
    texts = {path: "\n".join(lines).strip() for path, lines in found.items()}
    return {path: f"{_joined(text)}\n\n{note}\n" for path, text in texts.items()}


def _joined(text: str) -> str:
    """Without two empty lines in a row."""
    return re.sub("\n{3,}", "\n\n", text)


def main(argv: list[str]) -> int:
    stale = []
    for path, text in pages().items():
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(path.relative_to(ROOT).as_posix())
        if "--check" not in argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    print("\n".join(stale) or "all pages are as they should be")
    return int("--check" in argv and bool(stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
