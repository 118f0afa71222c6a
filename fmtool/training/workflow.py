"""`fmtool train`: one config in, one run directory and one outcome out."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fmtool.config.compose import dump
from fmtool.errors import ExitCode, FmtoolError, Interrupted, OutOfMemory
from fmtool.evaluation import gates
from fmtool.runs import manifest
from fmtool.runs.atomic import write_text, write_with
from fmtool.runs.checkpoints import CheckpointStore
from fmtool.runs.result import RunError, RunResult
from fmtool.runs.run import Run
from fmtool.schema import TrainConfig
from fmtool.signals import SignalGuard
from fmtool.training.session import Data, Session, load_data, prepare


@dataclass(frozen=True)
class Request:
    """How a training was asked for, as opposed to what is trained."""

    argv: Sequence[str] = ()
    overrides: Sequence[str] = ()
    plugins: Sequence[str] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further entries of the manifest, such as the sweep the run belongs to."""


@dataclass(frozen=True)
class Outcome:
    """A finished run and the full report on its test split."""

    run_directory: Path
    result: RunResult
    report: Mapping[str, Any]
    images_per_second: float


def train(cfg: TrainConfig, request: Request) -> Outcome:
    """Trains and leaves a run directory behind, unless the config or the data are wrong.

    Raises:
        FmtoolError: what ended the run; once there is a directory its result.json says the same.
        Interrupted: a signal arrived; the state is in a checkpoint.
    """
    with SignalGuard() as signals:
        data = load_data(cfg)
        gates.require_possible(cfg.gate, data.splits.num_classes)
        with Run.create(Path(cfg.runs_dir), model=cfg.model.name, data=cfg.data.name) as run:
            return _Training(cfg, request, data, run, signals).carry_out()


class _Training:
    """One run, from its first file to its last; remembers what a result needs on every way out."""

    def __init__(
        self, cfg: TrainConfig, request: Request, data: Data, run: Run, signals: SignalGuard
    ) -> None:
        self._cfg, self._request, self._data = cfg, request, data
        self._run, self._signals = run, signals
        self._began = time.perf_counter()
        self._recorder: Any = None
        self._session: Session | None = None

    def carry_out(self) -> Outcome:
        try:
            try:
                self._session = prepare(self._cfg, self._data)
            except FmtoolError:
                self._run.discard()
                raise
            return self._fit_and_report(self._session)
        except Interrupted as interruption:
            self._keep_best_model()
            self._finish(interruption.exit_code, error=interruption)
            raise
        except FmtoolError as error:
            self._finish_failed(error)
            raise
        except Exception as error:
            failure = _as_user_error(error, self._cfg.batch_size)
            self._finish_failed(failure)
            raise failure from error

    def _fit_and_report(self, session: Session) -> Outcome:
        from fmtool.training import reporting

        self._write_config(session)
        sinks, board = reporting.open_sinks(session, self._run.paths)
        try:
            store = CheckpointStore(
                self._run.paths.checkpoints, session.cfg.callbacks.checkpoint.keep
            )
            self._fit(session, sinks, store)
            self._restore_best(session, store)
            self._save_model(session)
            measurement = reporting.measure_test(session, self._run.paths)
            rows = gates.judge(session.cfg.gate, measurement.report)
            reporting.illustrate(session, self._run.paths, measurement, board)
        finally:
            for sink in sinks:
                sink.close()
        exit_code = ExitCode.SUCCESS if gates.all_met(rows) else ExitCode.GATE_NOT_MET
        result = self._finish(exit_code, report=measurement.report, gate_rows=rows)
        speed = self._recorder.images_per_second
        return Outcome(self._run.paths.root, result, measurement.report, speed)

    def _fit(self, session: Session, sinks: Sequence[Any], store: CheckpointStore) -> None:
        from fmtool.training.callbacks import assemble

        callbacks, self._recorder = assemble(session, sinks, store, self._signals)
        plan = self._plan(session)
        for sink in sinks:
            sink.start(plan)
        with self._signals.deferring():
            session.model.fit(
                session.train_feed,
                epochs=session.cfg.epochs,
                validation_data=session.validation_feed,
                callbacks=callbacks,
                shuffle=False,
                verbose=0,
            )

    def _plan(self, session: Session) -> Any:
        from fmtool.logging.sink import TrainingPlan

        runtime, validation = session.cfg.runtime, session.data.validation
        return TrainingPlan(
            model_name=session.cfg.model.name,
            data_name=session.cfg.data.name,
            parameters=session.network.count_params(),
            epochs=session.cfg.epochs,
            steps_per_epoch=session.plan.steps,
            batch_size=session.plan.batch_size,
            train_size=len(session.data.selection.train),
            validation_size=0 if validation is None else len(validation[1]),
            monitor=session.monitor.name or "loss",
            monitor_mode=session.monitor.mode,
            backend=runtime.backend,
            device=runtime.device,
            precision=runtime.precision,
        )

    def _write_config(self, session: Session) -> None:
        cfg, paths, runtime = session.cfg, self._run.paths, session.cfg.runtime
        write_text(paths.config, dump(cfg.model_dump(serialize_as_any=True)))
        write_text(paths.overrides, dump(list(self._request.overrides)))
        assert isinstance(runtime.threads, int)
        facts = manifest.collect(
            argv=self._request.argv,
            seeds={"seed": cfg.seed},
            data_digest=session.data.splits.digest,
            selection_digest=session.data.selection.digest,
            backend=runtime.backend,
            device=runtime.device,
            precision=runtime.precision,
            threads=runtime.threads,
            plugins=self._request.plugins,
            extra=self._request.extra,
        )
        manifest.write(paths.manifest, facts)

    def _restore_best(self, session: Session, store: CheckpointStore) -> None:
        from fmtool.training import state

        stopping = session.cfg.callbacks.early_stopping
        best = store.best if stopping.restore_best else store.last
        assert best is not None, "every epoch commits a checkpoint"
        state.load(session.model, best)
        # A moving average of the weights is part of the optimizer until it is put in their place.
        session.model.optimizer.finalize_variable_values(session.model.trainable_weights)

    def _save_model(self, session: Session) -> None:
        write_with(self._run.paths.model, session.network.save)

    def _keep_best_model(self) -> None:
        """The best epoch so far as model.keras, if there is one."""
        if self._session is None or self._recorder is None or self._recorder.last_row is None:
            return
        keep = self._session.cfg.callbacks.checkpoint.keep
        store = CheckpointStore(self._run.paths.checkpoints, keep)
        if store.best is not None:
            self._restore_best(self._session, store)
            self._save_model(self._session)

    def _finish_failed(self, error: FmtoolError) -> None:
        if self._run.paths.root.exists():
            self._finish(error.exit_code, error=error)

    def _finish(
        self,
        exit_code: int,
        *,
        report: Mapping[str, Any] | None = None,
        gate_rows: tuple[Any, ...] = (),
        error: BaseException | None = None,
    ) -> RunResult:
        recorder = self._recorder
        last_row = None if recorder is None else recorder.last_row
        scalars = {k: v for k, v in (report or {}).items() if isinstance(v, int | float)}
        result = RunResult(
            run=self._run.id,
            exit_code=int(exit_code),
            epochs=last_row["epoch"] if last_row else 0,
            steps=recorder.step if recorder is not None else 0,
            seconds=round(time.perf_counter() - self._began, 3),
            metrics=scalars,
            best=self._session.monitor.best if self._session is not None else None,
            error=None if error is None else RunError.of(error),
            gates=gate_rows,
        )
        if self._run.paths.manifest.exists():
            manifest.finish(self._run.paths.manifest, seconds=result.seconds)
        self._run.finish(result)
        if isinstance(error, FmtoolError | Interrupted):
            error.result = result.to_json()
        return result


def _as_user_error(error: Exception, batch_size: int) -> FmtoolError:
    """Running out of memory has its own exit code; anything else is ours to mend."""
    text = f"{type(error).__name__}: {error}".lower().replace("_", "").replace(" ", "")
    if any(sign in text for sign in ("resourceexhausted", "outofmemory", "memoryerror")):
        return OutOfMemory(
            f"out of memory with batch_size={batch_size}",
            fix=f"try batch_size={max(1, batch_size // 2)}",
        )
    first_line = (str(error).strip().splitlines() or [""])[0][:300]
    return FmtoolError(
        f"internal error: {type(error).__name__}: {first_line}",
        fix="run again with FMTOOL_DEBUG=1 and report the traceback",
    )
