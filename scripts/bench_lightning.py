"""Images a second of `fmtool train` over PyTorch Lightning: same network, batch size, CPU, data
in memory.

    python scripts/bench_lightning.py --workload cnn --rounds 9 --environment ~/lightning

Lightning runs in a virtual environment of its own, made at the first use and kept, with the
PyTorch that is installed here. Its side is what its guide shows: Trainer, CSVLogger, the default
checkpoint callback, a DataLoader over tensors with shuffling, accuracy logged per epoch, no
progress bar. fmtool's side is the default, which chooses the precision, and float32.
"""

import argparse
import subprocess
import sys
import tempfile
import venv
from importlib import metadata
from pathlib import Path

from contest import presets, report
from contest.turns import Candidate, play, tell

_LIGHTNING = "lightning==2.6.6"


def main(argv: list[str]) -> None:
    parser = presets.parser(__doc__)
    parser.add_argument("--environment", type=Path, required=True, help="folder; made if missing")
    arguments = parser.parse_args(argv)
    python = _python_with_lightning(arguments.environment.expanduser())
    with tempfile.TemporaryDirectory() as folder:
        lightning = _lightning(arguments, python, Path(folder))
        ours = [
            presets.fmtool("fmtool", arguments),
            presets.fmtool("fmtool float32", arguments, "runtime.precision=float32"),
        ]
        game = play([*ours, lightning], arguments.rounds)
    report.show(
        contestants=game.facts,
        images_per_second=report.speeds(game.rounds),
        ratio={
            f"{each.name} over lightning": report.speed_ratio(game.rounds, each.name, "lightning")
            for each in ours
        },
    )


def _lightning(arguments: argparse.Namespace, python: Path, folder: Path) -> Candidate:
    arrays = [str(folder / "images.npy"), str(folder / "labels.npy")]
    words = [*arrays, *presets.words(arguments)]
    (exported,) = tell(Candidate("arrays", "export_arrays", words), times=1)
    options = [
        f"--network={arguments.workload}",
        f"--batch-size={exported['batch_size']}",
        f"--turns={arguments.rounds + 1}",
    ]
    return Candidate("lightning", "lightning_fit", [*options, *arrays], str(python))


def _python_with_lightning(environment: Path) -> Path:
    """Its interpreter, Lightning installed; the version of PyTorch is the one installed here."""
    python = environment / "bin" / "python"
    if not python.exists():
        venv.create(environment, with_pip=True)
    torch = f"torch=={metadata.version('torch').partition('+')[0]}"
    install = [str(python), "-m", "pip", "install", "--quiet", _LIGHTNING, torch, "numpy"]
    subprocess.run(install, check=True, stdout=sys.stderr)
    return python


if __name__ == "__main__":
    main(sys.argv[1:])
