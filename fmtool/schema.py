"""The one schema: every key of `train` and `evaluate`, its type and its range."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from fmtool.augment.base import AugmentConfig
from fmtool.callbacks.base import CallbackConfig
from fmtool.config.base import (
    Config,
    Fraction,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
)
from fmtool.data.base import DataConfig, RisingPair
from fmtool.data.reading.table_style import NumberTableConfig
from fmtool.models.base import ModelConfig
from fmtool.optimizers.base import OptimizerConfig
from fmtool.regularizers.base import RegularizerConfig
from fmtool.schedules.base import ScheduleConfig
from fmtool.tasks.base import TaskConfig

SplitName = Literal["auto", "test", "validation", "train", "all"]
ExportFormat = Literal["all", "keras", "saved_model", "onnx", "litert", "openvino", "torch"]
Quantization = Literal["all", "none", "float16", "dynamic", "int8"]


class RuntimeConfig(Config):
    backend: Literal["auto", "tensorflow", "jax", "torch"]
    device: Literal["auto", "cpu", "gpu"]
    precision: Literal["auto", "float32", "bfloat16", "float16"]
    threads: PositiveInt | Literal["auto"]
    deterministic: bool
    jit: bool | Literal["auto"]
    steps_per_dispatch: PositiveInt | Literal["auto"]
    profile: bool


class EarlyStoppingConfig(Config):
    patience: NonNegativeInt | None
    min_delta: NonNegativeFloat
    restore_best: bool


class CheckpointConfig(Config):
    keep: PositiveInt
    every_epochs: PositiveInt
    every_steps: PositiveInt | None
    every_minutes: PositiveFloat | None
    max_share: Annotated[float, Field(gt=0, le=1)]


class RollbackConfig(Config):
    limit: PositiveInt
    factor: Annotated[float, Field(gt=0, lt=1)]


class CallbacksConfig(Config):
    early_stopping: EarlyStoppingConfig
    checkpoint: CheckpointConfig
    rollback: RollbackConfig
    own: list[CallbackConfig]


class BudgetConfig(Config):
    minutes: PositiveFloat | None


class LoggingConfig(Config):
    every_n_steps: NonNegativeInt
    tensorboard: bool
    plots: bool


class GateConfig(Config):
    min: dict[str, float]
    max: dict[str, float]


class ExpectedConfig(Config):
    """The figure that a recipe reached, or that its source published."""

    metric: str
    """A metric of the final report."""
    value: float
    tolerance: NonNegativeFloat
    epochs: PositiveInt
    minutes: PositiveFloat | None
    hardware: str
    source: str
    """`measured`, or where the figure was published."""


class ReportConfig(Config):
    """Choices for the report on a trained model."""

    test: bool
    latency: bool


TestTimeAugmentation = Literal["none", "flip", "flip_translate"]


class TrainConfig(Config):
    """Everything that decides a training run."""

    task: TaskConfig
    model: ModelConfig
    data: DataConfig
    optimizer: OptimizerConfig
    schedule: ScheduleConfig
    regularizer: RegularizerConfig
    augment: AugmentConfig
    callbacks: CallbacksConfig
    runtime: RuntimeConfig
    logging: LoggingConfig
    epochs: PositiveInt
    batch_size: PositiveInt | Literal["auto"]
    eval_batch_size: PositiveInt
    tta: TestTimeAugmentation
    report: ReportConfig
    expected: ExpectedConfig | None
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    monitor: str
    on_divergence: Literal["stop", "rollback"]
    budget: BudgetConfig
    resume: str | None
    allow_change: list[str]
    name: str | None
    tags: list[str]
    runs_dir: str
    dry_run: bool
    gate: GateConfig


class EvaluateConfig(Config):
    """The keys that `evaluate` adds to the config of the run it evaluates."""

    run: str
    runs_dir: str
    split: SplitName
    """`auto` for `test`, or `all` of other labelled data that have no test split."""
    predictions: str | None
    """A file for what the model says of each sample."""
    plots: bool
    tta: TestTimeAugmentation | None
    """None for what the run was reported with."""
    gate: GateConfig


class ExportOptions(Config):
    batch: PositiveInt | None
    any_size: bool
    opset: Annotated[int, Field(ge=13, le=18)]
    """Those that tf2onnx writes, from the first whose quantization is by channel."""
    simplify: bool
    samples: PositiveInt | None
    calibration_samples: PositiveInt
    bundle_samples: NonNegativeInt
    tolerance: NonNegativeFloat | None
    agreement: Fraction | None
    score_loss: Fraction | None


class CardConfig(Config):
    """Words of a person's for the model card; None: those of the card before."""

    license: Annotated[str, Field(max_length=200)] | None
    notes: Annotated[str, Field(max_length=100_000)] | None


class ExportConfig(Config):
    """The keys that `export` adds to the config of the run whose model it exports."""

    run: str
    runs_dir: str
    output: str | None
    format: list[ExportFormat]
    quantization: list[Quantization]
    include: list[str] | None
    benchmark: bool
    bundle: bool
    export: ExportOptions
    card: CardConfig


class InputConfig(NumberTableConfig):
    """Ways to read the files that `predict` is given; None is as the training of the run was."""

    resize_mode: Literal["stretch", "crop", "pad"] | None
    color: Literal["auto", "rgb", "grayscale"] | None
    background: Literal["white", "black", "none"] | None
    levels: Literal["upper"] | RisingPair | None
    max_pixels: Annotated[int, Field(gt=0, le=178_956_970)]
    """At most what `image_folder` takes."""
    text_column: Annotated[str, Field(min_length=1)] | None
    path_column: Annotated[str, Field(min_length=1)] | None


class PredictConfig(Config):
    """Whom `predict` asks, about what, and where the answers go."""

    run: str | None
    runs_dir: str
    model_file: str | None
    """`model=` on the command line, which is the name of a group elsewhere."""
    bundle: str | None
    format: str | None
    input: str
    output: str | None
    output_format: Literal["csv", "jsonl"] | None
    data: InputConfig
    top: PositiveInt
    probabilities: bool
    batch_size: PositiveInt
    on_error: Literal["fail", "skip"]
    threads: PositiveInt | None


class SavedRunConfig(Config):
    """The part of a run's config.yaml that measuring its model again depends on."""

    model_config = ConfigDict(**{**Config.model_config, "extra": "ignore"})

    task: TaskConfig
    data: DataConfig
    runtime: RuntimeConfig
    eval_batch_size: PositiveInt
    tta: TestTimeAugmentation
    seed: int
