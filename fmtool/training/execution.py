"""One run, from its first file to its last, with a result on every way out."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fmtool import options
from fmtool.config.compose import dump
from fmtool.elements import Kind
from fmtool.errors import (
    DataError,
    Diverged,
    ExitCode,
    FmtoolError,
    Interrupted,
    OutOfMemory,
    Stopped,
)
from fmtool.evaluation import gates, model_summary
from fmtool.evaluation.model_facts import model_facts
from fmtool.jobs.parent import Parent
from fmtool.metric import headline
from fmtool.notices import note, warn
from fmtool.runs import artifacts, manifest
from fmtool.runs.atomic import write_text, write_with
from fmtool.runs.checkpoint_manifest import verify
from fmtool.runs.checkpoints import CheckpointStore
from fmtool.runs.result import RunError, RunResult
from fmtool.runs.run import Run
from fmtool.schema import TrainConfig
from fmtool.signals import SignalGuard
from fmtool.tasks.shared.reporting import Report
from fmtool.training import foresight
from fmtool.training.memory import batch_size as batch_sizes
from fmtool.training.memory import out_of_memory
from fmtool.training.resume import Changes, shown_changes
from fmtool.training.session import Session, TaskData, prepare, require_effect


@dataclass(frozen=True)
class Request:
    """How a training was asked for, as opposed to what is trained."""

    argv: Sequence[str] = ()
    overrides: Sequence[str] = ()
    plugins: Sequence[str] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further entries of the manifest, such as the sweep the run belongs to."""
    parent: Parent | None = None
    """Who started it and is told where it runs."""


@dataclass(frozen=True)
class Outcome:
    """A finished run.

    Args:
        summary: metrics of the test split that sum it up; None where it was not asked for, or the
            run had nothing left to do.
        kind: what the samples are, of which so many were trained on in a second.
    """

    run_directory: Path
    result: RunResult
    summary: Mapping[str, float | None] | None
    kind: Kind
    samples_per_second: float = 0.0


class Execution:
    """Carries out a run and remembers what its result needs.

    Args:
        request_digest: for the manifest of a new run.
        changes: of the config since the run began, where it goes on; None for a new run.
    """

    def __init__(
        self,
        cfg: TrainConfig,
        request: Request,
        data: TaskData,
        run: Run,
        signals: SignalGuard,
        *,
        request_digest: str | None = None,
        changes: Changes | None = None,
    ) -> None:
        self._cfg, self._request, self._data = cfg, request, data
        self._run, self._signals = run, signals
        self._request_digest, self._changes = request_digest, changes
        self._began = time.perf_counter()
        self._seconds_before = 0.0
        self._store = CheckpointStore(run.paths.checkpoints, cfg.callbacks.checkpoint.keep)
        self._recorder: Any = None
        self._facts: Mapping[str, float | None] = {}
        self._chosen: Mapping[str, str] = {}
        self._session: Session | None = None
        self._has_begun = changes is None
        """Else the run is as it was, and what goes wrong must leave it so."""
        signals.on_abandon = self._abandon

    def carry_out(self) -> Outcome:
        """Trains, reports and writes result.json; see `workflow.train` for what is raised."""
        try:
            return self._prepare_and_train()
        except Interrupted as interruption:
            self._signals.acknowledge()
            self._keep_best_model()
            self._abandon(interruption)
            raise
        except FmtoolError as error:
            self._finish_failed(error)
            raise
        except Exception as error:
            samples = len(self._data.selection.train)
            failure = out_of_memory.as_user_error(error, self._cfg, samples=samples)
            self._finish_failed(failure)
            raise failure from error

    def _prepare_and_train(self) -> Outcome:
        samples, plugins = len(self._data.selection.train), self._request.plugins
        try:
            self._cfg = batch_sizes.resolve(self._cfg, samples=samples, plugins=plugins)
            require_effect(self._cfg, self._data)
            session = self._session = prepare(self._cfg, self._data)
        except FmtoolError as error:
            if self._changes is None and not isinstance(error, OutOfMemory):
                self._run.discard()
            raise
        from fmtool.training import loop, reporting
        from fmtool.training.final_report import final_report
        from fmtool.training.profiling import profile

        position = loop.position_of(self._store)
        loop.require_fit(session, position)
        if not self._has_begun:
            self._run.restart()
            self._has_begun = True
        self._seconds_before = position.counters.get("recorder", {}).get("seconds", 0.0)
        if self._request.parent is not None:
            self._request.parent.announce(self._run.paths.root)
        # All of what describes the run or nothing, so that who finds any of it can go on with it.
        with self._signals.deferring():
            self._write_config(session, from_step=position.step)
        foresight.warn_of_another_curve(session, self._changes, step=position.step)
        foresight.note_what_is_left_out(session)
        foresight.warn_of_few_steps(session)
        foresight.note_freed_statistics(session, self._run.paths.manifest, step=position.step)
        if session.cfg.model.summary:
            model_summary.announce(session.network, batch_size=session.plan.batch_size)
        # Where a step is traced, an exception from outside may be swallowed.
        with self._signals.deferring():
            session.model.compile_ahead()
        session.model.load_tables()
        directory, is_wanted = self._run.paths.profile, session.cfg.runtime.profile
        with (
            profile.profiling(directory, began=self._began, is_wanted=is_wanted) as profiler,
            reporting.Sinks(session, self._run.paths) as sinks,
        ):
            session = self._fit(session, sinks, position, profiler)
            profiler.enter("report")
            self._restore_best(session)
            self._save_model(session)
            found = final_report(session, self._run.paths)
            report = found.report
            self._facts = model_facts(session.network, self._run.paths.model, session.cfg.report)
            metrics, undefined = ({}, {}) if report is None else (report.metrics, report.undefined)
            rows = gates.judge(session.cfg.gate, metrics, undefined=undefined)
            sinks.illustrate(session, found)
        exit_code = ExitCode.SUCCESS if gates.all_met(rows) else ExitCode.GATE_NOT_MET
        self._chosen = artifacts.digests(found.chosen)
        result = self._finish(exit_code, report=report, gate_rows=rows)
        return Outcome(
            self._run.paths.root,
            result,
            found.summary,
            kind=self._data.splits.element.kind,
            samples_per_second=self._recorder.samples_per_second,
        )

    def _fit(self, session: Session, sinks: Any, position: Any, profiler: Any) -> Session:
        """The session that was trained: after a divergence it may be another one."""
        from fmtool.training import loop
        from fmtool.training.callbacks.divergence import pin_down
        from fmtool.training.callbacks.of_run import assemble

        rollbacks = position.rollbacks
        while True:
            if rollbacks:
                session = self._session = self._slower(rollbacks)
            if position.checkpoint is not None:
                epoch = -(-position.step // session.plan.steps)
                changed = shown_changes(self._changes or {})
                note(
                    f"run {self._run.id} goes on after step {position.step} of epoch {epoch}"
                    + (f", with {changed}" if changed else "")
                )
            sinks.start(session, step=position.step, epochs_done=position.epochs_done)
            parts = assemble(
                session, sinks.all, self._store, self._signals, facts={"rollbacks": rollbacks}
            )
            self._recorder, parts = parts.recorder, profiler.watch(session, parts)
            loop.restore(session, parts, position)
            best = session.monitor.best
            # A kill may have come between the commit of the best checkpoint and the mark on it.
            if best is not None and self._store.has(best.step):
                self._store.mark_best(best.step)
            session.model.wait_for_compiler()
            try:
                with self._signals.deferring():
                    loop.run(session, parts, position)
            except Diverged as error:
                position = loop.position_of(self._store)
                speed = parts.recorder.seconds_per_step
                exact = pin_down(error, session, self._data, position, speed)
                rollbacks += 1
                self._require_rollback(exact, rollbacks)
            else:
                self._store.settle(parts.recorder.step)
                return session

    def _require_rollback(self, error: Diverged, rollbacks: int) -> None:
        """Notes the rollback, or raises the divergence where none is wanted or left."""
        rule = self._cfg.callbacks.rollback
        if self._cfg.on_divergence != "rollback" or rollbacks > rule.limit:
            raise error
        factor = rule.factor**rollbacks
        warn(f"{error.message}; rollback {rollbacks} of {rule.limit}: learning rate x {factor:g}")
        entry = {"divergence": error.message, "learning_rate_factor": factor}
        manifest.rolled_back(self._run.paths.manifest, entry)

    def _slower(self, rollbacks: int) -> Session:
        """The session anew, with the learning rate of the last rollback."""
        factor = self._cfg.callbacks.rollback.factor**rollbacks
        optimizer = self._cfg.optimizer
        slower = optimizer.model_copy(update={"learning_rate": optimizer.learning_rate * factor})
        assert self._session is not None
        cfg = self._session.cfg.model_copy(update={"optimizer": slower})
        return prepare(cfg, self._data)

    def _write_config(self, session: Session, *, from_step: int) -> None:
        cfg, paths, runtime = session.cfg, self._run.paths, session.cfg.runtime
        # Re-runnable as it is: what resumes is the request, not the config.
        cfg = cfg.model_copy(update={"resume": None, "allow_change": []})
        write_text(paths.config, dump(cfg.model_dump(serialize_as_any=True)))
        plain = cfg.model_dump(mode="json", serialize_as_any=True)
        if self._changes is not None:
            changes = {key: list(values) for key, values in self._changes.items()}
            argv = list(self._request.argv)
            entry = {"from_step": from_step, "argv": argv, "changes": changes}
            manifest.resumed(paths.manifest, entry, config=plain)
            return
        write_text(paths.overrides, dump(list(self._request.overrides)))
        splits = session.data.splits
        kept = session.data.kept
        artifacts.write(paths, kept)
        assert isinstance(runtime.threads, int)
        facts = manifest.collect(
            argv=self._request.argv,
            config=plain,
            request_digest=self._request_digest,
            seeds={"seed": cfg.seed},
            data_digest=splits.digest,
            selection_digest=session.data.selection.digest,
            data_facts={
                **splits.target_facts,
                "samples": {name: len(part) for name, part in splits.parts.items()},
                **splits.facts,
            },
            artifacts=artifacts.digests(kept),
            backend=runtime.backend,
            device=runtime.device,
            precision=runtime.precision,
            threads=runtime.threads,
            plugins=self._request.plugins,
            extra=self._request.extra,
        )
        manifest.write(paths.manifest, facts)

    def _restore_best(self, session: Session) -> None:
        from fmtool.training import state

        wants_best = session.cfg.callbacks.early_stopping.restore_best
        checkpoint = self._store.best if wants_best else self._store.last
        try:
            assert checkpoint is not None, "the last epoch commits a checkpoint"
            meta = verify(checkpoint)
        except DataError as error:
            warn(f"{error.message}; the newest intact checkpoint becomes the model")
            checkpoint = self._store.latest_valid()
            assert checkpoint is not None, "there are checkpoints"
            meta = verify(checkpoint)
        session.model.build_everything()
        state.load(session.model, checkpoint)
        session.final.take(meta["step"])

    def _save_model(self, session: Session) -> None:
        from fmtool.training.network import presented

        needed = 4 * session.network.count_params()
        model = presented(session.network, session.data.task)
        write_with(self._run.paths.model, model.save, needed=needed)

    def _keep_best_model(self) -> None:
        """The best epoch so far as model.keras, if there is one."""
        session = self._session
        if session is not None and self._recorder is not None and self._store.best is not None:
            self._restore_best(session)
            self._save_model(session)

    def _abandon(self, interruption: Interrupted) -> None:
        """The result of a run that was interrupted; also when the main thread does not answer."""
        if self._has_begun:
            self._finish(interruption.exit_code, error=interruption)

    def _finish_failed(self, error: FmtoolError) -> None:
        if self._has_begun and self._run.paths.root.exists():
            self._finish(error.exit_code, error=error)

    def _finish(
        self,
        exit_code: int,
        *,
        report: Report | None = None,
        gate_rows: tuple[Any, ...] = (),
        error: BaseException | None = None,
    ) -> RunResult:
        recorder, is_pruned = self._recorder, isinstance(error, Stopped)
        last_row = None if recorder is None else recorder.last_row
        result = RunResult(
            run=self._run.id,
            exit_code=int(exit_code),
            epochs=last_row["epoch"] if last_row else 0,
            steps=recorder.step if recorder is not None else 0,
            seconds=round(self._seconds_before + time.perf_counter() - self._began, 3),
            headline=headline(options.task(self._cfg.task.name).report_metrics(self._cfg.task)),
            **({} if report is None else _of_result(report)),
            best=self._session.monitor.best if self._session is not None else None,
            error=None if error is None or is_pruned else RunError.of(error),
            gates=gate_rows,
            model=self._facts,
            artifacts=self._chosen,
            is_pruned=is_pruned,
        )
        self._run.finish(result)
        if isinstance(error, FmtoolError | Interrupted):
            error.result = result.to_json()
        return result


def _of_result(report: Report) -> dict[str, Any]:
    """What result.json has of a report."""
    return {
        "metrics": {"samples": report.samples, **report.metrics},
        "undefined": report.undefined,
        "brief": {name: report.details[name] for name in report.brief},
    }
