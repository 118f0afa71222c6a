"""A data set in a word for people: which of one's own folders or files, not how it is read."""

from pathlib import Path

from fmtool.data.base import DataConfig, option


def data_label(cfg: DataConfig, data_option: str | None = None) -> str:
    """The YAML file where that is one's own, the folder or file where there is one, or the option.

    Args:
        data_option: the YAML file that the keys are of, by name.
    """
    if data_option is not None and data_option != cfg.name:
        return data_option
    path = getattr(cfg, "path", None)
    if path is None or option(cfg.name).INFO is not None:
        return cfg.name
    return Path(path).absolute().name or cfg.name
