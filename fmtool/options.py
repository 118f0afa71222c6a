"""The contents of each option's file, by its name in the config: contracts of kinds, resolved.

Each raises UsageError where no option has that name, or where its file breaks the contract.
"""

from fmtool import registry
from fmtool.augment.base import AugmentOption
from fmtool.callbacks.base import CallbackOption
from fmtool.data.base import DataOption
from fmtool.models.base import ModelOption
from fmtool.optimizers.base import OptimizerOption
from fmtool.pruners.base import PrunerOption
from fmtool.regularizers.base import RegularizerOption
from fmtool.schedules.base import ScheduleOption
from fmtool.tasks.base import TaskModule
from fmtool.tuners.base import TunerOption

CONTRACTS = {
    "augment": AugmentOption,
    "callback": CallbackOption,
    "data": DataOption,
    "model": ModelOption,
    "optimizer": OptimizerOption,
    "pruner": PrunerOption,
    "regularizer": RegularizerOption,
    "schedule": ScheduleOption,
    "task": TaskModule,
    "tuner": TunerOption,
}
"""By the group of each kind."""


def callback(name: str) -> CallbackOption:
    return registry.option("callback", name, CallbackOption)


def data(name: str) -> DataOption:
    return registry.option("data", name, DataOption)


def model(name: str) -> ModelOption:
    return registry.option("model", name, ModelOption)


def optimizer(name: str) -> OptimizerOption:
    return registry.option("optimizer", name, OptimizerOption)


def pruner(name: str) -> PrunerOption:
    return registry.option("pruner", name, PrunerOption)


def regularizer(name: str) -> RegularizerOption:
    return registry.option("regularizer", name, RegularizerOption)


def schedule(name: str) -> ScheduleOption:
    return registry.option("schedule", name, ScheduleOption)


def task(name: str) -> TaskModule:
    return registry.option("task", name, TaskModule)


def tuner(name: str) -> TunerOption:
    return registry.option("tuner", name, TunerOption)
