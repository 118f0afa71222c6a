"""The description of a run in its directory: config, overrides, artifacts and manifest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fmtool.config.compose import dump
from fmtool.jobs.parent import Parent
from fmtool.runs import artifacts, manifest
from fmtool.runs.atomic import write_text
from fmtool.runs.layout import RunPaths
from fmtool.training.resume import Changes
from fmtool.training.session import Session


@dataclass(frozen=True)
class Request:
    """The command that asked for a training, as opposed to what is trained."""

    argv: Sequence[str] = ()
    overrides: Sequence[str] = ()
    plugins: Sequence[str] = ()
    data_option: str | None = None
    """The YAML file of `data` that was chosen, by name."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further entries of the manifest, such as the sweep the run belongs to."""
    parent: Parent | None = None
    """The process that started it and is told where it runs."""


def write(
    paths: RunPaths, session: Session, request: Request, *, request_digest: str | None
) -> None:
    """Writes all that describes a new run.

    Args:
        request_digest: what a run of the same request is found by.
    """
    cfg, splits, kept = session.cfg, session.data.splits, session.data.kept
    runtime = cfg.runtime
    config = _write_config(paths, session)
    write_text(paths.overrides, dump(list(request.overrides)))
    artifacts.write(paths, kept)
    assert isinstance(runtime.threads, int)
    facts = manifest.collect(
        argv=request.argv,
        config=config,
        request_digest=request_digest,
        seeds={"seed": cfg.seed},
        data_digest=splits.digest,
        selection_digest=session.data.selection.digest,
        data_facts={
            **splits.target_facts,
            "samples": {name: len(part) for name, part in splits.parts.items()},
            **splits.facts,
            "label": session.data.label,
        },
        artifacts=artifacts.digests(kept),
        backend=runtime.backend,
        device=runtime.device,
        precision=runtime.precision,
        threads=runtime.threads,
        plugins=request.plugins,
        extra=request.extra,
    )
    manifest.write(paths.manifest, facts)


def amend(
    paths: RunPaths, session: Session, request: Request, changes: Changes, *, from_step: int
) -> None:
    """Writes the config of a run that goes on, and what changed into its manifest."""
    config = _write_config(paths, session)
    changed = {key: list(values) for key, values in changes.items()}
    entry = {"from_step": from_step, "argv": list(request.argv), "changes": changed}
    manifest.resumed(paths.manifest, entry, config=config)


def _write_config(paths: RunPaths, session: Session) -> dict[str, Any]:
    """Writes config.yaml, which can be run again: what resumes is the request; gives its JSON."""
    cfg = session.cfg.model_copy(update={"resume": None, "allow_change": []})
    write_text(paths.config, dump(cfg.model_dump(serialize_as_any=True)))
    return cfg.model_dump(mode="json", serialize_as_any=True)
