"""The companions of exported files: the model card, and an archive of everything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fmtool.data.splitting.loading import Data
from fmtool.export import bundle, card, card_words, check_pictures, check_samples, run_facts
from fmtool.export.measured import Measured
from fmtool.export.metadata import Metadata
from fmtool.export.result import REPORT, Export
from fmtool.notices import counted, note
from fmtool.runs.atomic import write_text
from fmtool.runs.layout import RunPaths
from fmtool.runs.strict_json import read_object


@dataclass(frozen=True)
class Release:
    """The files of one export and all that they were made of, while its drafts are there.

    Args:
        folder: of the exported files.
        samples: a .npy file of the held-out samples, `measured` what knows their targets, and
            `reference` the folder of what the run's network gave for them.
        kept: files by name that each model has beside it.
        words: for the card, as far as they were typed.
        pictures: files of other sizes that the models were tried on.
    """

    folder: Path
    run: RunPaths
    data: Data
    metadata: Metadata
    samples: Path
    measured: Measured
    reference: Path
    kept: Mapping[str, str]
    words: card_words.Typed = card_words.NOTHING_TYPED
    pictures: Sequence[Path] = ()

    def publish(self, made: Export, *, bundles: bool, samples: int) -> None:
        """Writes the card of all that export.json lists, and the archive of what was made now.

        There is no archive of half an export: where a file failed, an older one is gone too.

        Args:
            samples: that `fmtool verify` may try the files on; 0 for none.
        """
        path = self.folder / bundle.NAME
        if bundles:
            path.unlink(missing_ok=True)
        if not made.rows:
            return
        facts = run_facts.gather(
            self.run, self.data, self.metadata, measured=self.measured, reference=self.reference
        )
        listed = read_object(self.folder / REPORT)["files"]
        words = card_words.of(self.words, self.folder / bundle.CARD)
        write_text(self.folder / bundle.CARD, card.render(facts, listed, words))
        if not bundles or made.failures:
            return
        bundle.write(
            path,
            rows=made.rows,
            reference=made.reference,
            metadata=self.metadata,
            folder=self.folder,
            card=card.render(facts, made.rows, words),
            kept=self.kept,
            checks=self._checks(samples) if samples else {},
        )
        note(
            f"{bundle.NAME}: {counted(len(made.rows), 'model')}, {path.stat().st_size / 1e6:.2f} MB"
        )

    def _checks(self, most: int) -> dict[str, bytes]:
        """Members of the archive by name."""
        packed = check_samples.pack(self.samples, self.reference, self.metadata, most=most)
        pictures = check_pictures.pack(self.pictures, self.reference.parent, self.metadata)
        return {bundle.SAMPLES: packed, **pictures}
