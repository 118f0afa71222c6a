"""The result of an export: what was written and what could not be, and export.json."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmtool.errors import ExitCode, FmtoolError
from fmtool.runs.atomic import write_json
from fmtool.runs.sameness import Difference
from fmtool.runs.strict_json import read_object

REPORT = "export.json"


@dataclass(frozen=True)
class Export:
    """The files that were written, and the errors of those that were not.

    Args:
        reference: the score of the run's own network.
        rows: a file each, as in export.json.
        failures: errors by the name of what was to be made.
        data_differs: how the samples that it was tried on are not those of the run.
    """

    folder: Path
    run: str
    reference: Mapping[str, Any]
    rows: tuple[Mapping[str, Any], ...]
    failures: Mapping[str, FmtoolError]
    data_differs: tuple[Difference, ...]

    @property
    def exit_code(self) -> int:
        """The code of what matters most: a full disk, a file that differs, one that failed."""
        codes = {int(error.exit_code) for error in self.failures.values()}
        for code in (ExitCode.WRITE_FAILED, ExitCode.EXPORT_FAILED):
            if code in codes:
                return int(code)
        return max(codes, default=int(ExitCode.SUCCESS))

    def to_json(self) -> dict[str, Any]:
        return {
            "schema_version": 1,
            "status": "failed" if self.failures else "completed",
            "exit_code": self.exit_code,
            "run": self.run,
            "folder": str(self.folder),
            "data_differs": [each.to_json() for each in self.data_differs],
            "reference": dict(self.reference),
            "files": [dict(row) for row in self.rows],
            "failures": {name: str(error) for name, error in self.failures.items()},
        }

    def save(self, asked: Collection[str]) -> None:
        """Writes export.json: what earlier exports of the same run left beside these stays listed.

        Args:
            asked: names of the files of this export, made or not.
        """
        path = self.folder / REPORT
        before = read_object(path) if path.is_file() else {}
        others = [
            row
            for row in before.get("files", [])
            if before.get("run") == self.run
            and row["name"] not in asked
            and (self.folder / row["path"]).exists()
        ]
        document = self.to_json()
        document["files"] = sorted([*others, *document["files"]], key=lambda row: str(row["name"]))
        write_json(path, document)
