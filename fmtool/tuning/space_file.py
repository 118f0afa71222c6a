"""Files of ranges, `space/NAME.yaml`: what is worth tuning of a model, as it would be typed.

optimizer.learning_rate: 1e-4..1e-2:log
model.dropout: 0..0.5
model.activation: relu,gelu
"""

from pathlib import Path

from fmtool.config import compose, sweep
from fmtool.config.arguments import prepare
from fmtool.errors import UsageError
from fmtool.runs.saved_config import read_config
from fmtool.tuning.dimension import Choice, Domain, parse_range


def read(name: str, folders: tuple[Path, ...]) -> dict[str, Domain]:
    """By key; UsageError for what is no range and no list, DataError for what is no YAML."""
    path = compose.option_file("space", name, folders)
    domains: dict[str, Domain] = {}
    for key, text in read_config(path).items():
        if not isinstance(text, str):
            raise UsageError(
                f"{path}: {key}: no range", fix="write 'LOW..HIGH', or 'a,b' in quotes"
            )
        domain: Domain | None = parse_range(key, text)
        if domain is None:
            listed = sweep.values(prepare(f"{key}={text}"), folders)
            if listed is None:
                raise UsageError(f"{path}: {key}={text} is one value", fix="give a range or a list")
            domain = Choice(kind="choice", values=listed)
        domains[key] = domain
    return domains
