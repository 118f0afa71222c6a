"""One run, from its first file to its last, with a result on every way out."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmtool import options
from fmtool.elements import SampleKind
from fmtool.errors import (
    Diverged,
    ExitCode,
    FmtoolError,
    Interrupted,
    OutOfMemory,
    Stopped,
)
from fmtool.evaluation import gates, model_summary
from fmtool.evaluation.model_facts import model_facts
from fmtool.metric import headline
from fmtool.notices import note, warn
from fmtool.runs import manifest
from fmtool.runs.checkpoints import CheckpointStore
from fmtool.runs.result import Gate, RunError, RunResult
from fmtool.runs.run import Run
from fmtool.schema import TrainConfig
from fmtool.signals import SignalGuard
from fmtool.training import description, foresight
from fmtool.training.description import Request
from fmtool.training.final_report import FinalReport
from fmtool.training.memory import batch_size as batch_sizes
from fmtool.training.memory import out_of_memory
from fmtool.training.resume import Changes, shown_changes
from fmtool.training.resume import command as resume_command
from fmtool.training.session import Session, TaskData, prepare, require_effect

if TYPE_CHECKING:
    from fmtool.training.loop import Position
    from fmtool.training.profiling.profile import Unprofiled
    from fmtool.training.remarks import Remarks
    from fmtool.training.reporting import Sinks


@dataclass(frozen=True)
class Outcome:
    """A finished run.

    Args:
        summary: metrics of the test split that sum it up, empty where it was not looked at; None
            where the run had nothing left to do.
        kind: what the samples are, of which so many were trained on in a second.
        answers: for figures of `summary`, the best that one answer for all samples reaches: the
            answer and the figure.
        remarks: lines on what deserves a word.
        more_epochs: epochs that may gain something, those that were trained among them.
    """

    run_directory: Path
    result: RunResult
    summary: Mapping[str, float | None] | None
    kind: SampleKind
    data_label: str
    """The data, for people."""
    samples_per_second: float = 0.0
    answers: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    more_epochs: int | None = None


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
        self._session: Session | None = None
        self._has_begun = changes is None
        """Else the run is as it was, and what goes wrong must leave it so."""
        signals.on_abandon = self._abandon

    def run(self) -> Outcome:
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
        session = self._prepare()
        position = self._begin(session)
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
        found = self._train(session, position)
        rows, remarks = found.judged(session.cfg.gate), self._remarks(found)
        exit_code = ExitCode.SUCCESS if gates.all_met(rows) else ExitCode.GATE_NOT_MET
        return Outcome(
            self._run.paths.root,
            self._finish(exit_code, found=found, gate_rows=rows),
            found.summary or {},
            kind=self._data.splits.element.kind,
            data_label=self._data.label,
            samples_per_second=self._recorder.samples_per_second,
            answers=found.constant_answers,
            remarks=remarks.lines,
            more_epochs=2 * session.cfg.epochs if remarks.wants_more else None,
        )

    def _remarks(self, found: FinalReport) -> "Remarks":
        from fmtool.training import remarks, reporting

        assert self._session is not None, "it was trained"
        return remarks.of_training(self._session, found, reporting.rows_of(self._run.paths))

    def _prepare(self) -> Session:
        """The session; the directory of a new run goes where it cannot be prepared."""
        samples, plugins = len(self._data.selection.train), self._request.plugins
        try:
            self._cfg = batch_sizes.resolve(self._cfg, samples=samples, plugins=plugins)
            require_effect(self._cfg, self._data)
            self._session = prepare(self._cfg, self._data)
        except FmtoolError as error:
            if self._changes is None and not isinstance(error, OutOfMemory):
                self._run.discard()
            raise
        return self._session

    def _begin(self, session: Session) -> "Position":
        """The position to train from; from here on the run is described in its directory."""
        from fmtool.training import loop

        position = loop.position_of(self._store)
        loop.require_fit(session, position)
        if not self._has_begun:
            self._run.restart()
            self._has_begun = True
        self._seconds_before = position.counters.get("recorder", {}).get("seconds", 0.0)
        paths, request = self._run.paths, self._request
        if request.parent is not None:
            request.parent.announce(paths.root)
        # All of what describes the run or nothing, so that who finds any of it can go on with it.
        with self._signals.deferring():
            if self._changes is None:
                description.write(paths, session, request, request_digest=self._request_digest)
            else:
                description.amend(paths, session, request, self._changes, from_step=position.step)
        return position

    def _train(self, session: Session, position: "Position") -> FinalReport:
        from fmtool.training import best_model, reporting
        from fmtool.training.final_report import final_report
        from fmtool.training.profiling import profile

        paths, is_wanted = self._run.paths, session.cfg.runtime.profile
        with (
            profile.profiling(paths.profile, began=self._began, is_wanted=is_wanted) as profiler,
            reporting.Sinks(session, paths) as sinks,
        ):
            session = self._fit(session, sinks, position, profiler)
            profiler.enter("report")
            sinks.report()
            best_model.save(session, self._store, paths)
            found = final_report(session, paths)
            self._facts = model_facts(session.network, paths.model, session.cfg.report)
            sinks.illustrate(session, found)
        return found

    def _fit(
        self, session: Session, sinks: "Sinks", position: "Position", profiler: "Unprofiled"
    ) -> Session:
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
                self._store.finalize(parts.recorder.step)
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

    def _keep_best_model(self) -> None:
        """The best epoch so far as model.keras, if there is one."""
        from fmtool.training import best_model

        session = self._session
        if session is not None and self._recorder is not None and self._store.best is not None:
            best_model.save(session, self._store, self._run.paths)

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
        found: FinalReport | None = None,
        gate_rows: tuple[Gate, ...] = (),
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
            best=self._session.monitor.best if self._session is not None else None,
            error=None if error is None or is_pruned else RunError.of(error),
            gates=gate_rows,
            model=self._facts,
            is_pruned=is_pruned,
            **({} if found is None else found.to_result()),
        )
        self._run.finish(result)
        if isinstance(error, FmtoolError | Interrupted):
            error.result = result.to_json()
        # Without its description there is nothing to go on with: the same command begins anew.
        if isinstance(error, Interrupted) and not is_pruned and self._run.paths.manifest.exists():
            error.go_on = self._command()
        return result

    def _command(self, *words: str) -> str:
        """The command that goes on with this run."""
        return resume_command(self._run.paths.root, self._request.plugins, *words)
