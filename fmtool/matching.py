"""Checks that model, augmentation and task can do with what the others give."""

from fmtool import models, options, registry, representations, targets
from fmtool.compat.models import ends_in_logits
from fmtool.data.base import DataConfig
from fmtool.elements import KINDS, WHAT, Pixels, Sample, SampleKind
from fmtool.errors import UsageError
from fmtool.models.base import ModelConfig
from fmtool.schema import TestTimeAugmentation, TrainConfig
from fmtool.targets import Target
from fmtool.tasks.base import TaskModule


def declared_kind(data_name: str) -> SampleKind | None:
    """The kind of a data set's samples; None where only its files or a task say."""
    kind = options.data(data_name).KIND
    return None if kind == "record" else kind


def declared_image(data_name: str) -> Pixels | None:
    """The element of a data set whose images have one size that is known without reading them."""
    info = options.data(data_name).INFO
    if info is None or info.image_shape is None:
        return None
    return Pixels(info.image_shape, maximum=info.pixel_max)


def declared_target(cfg: DataConfig) -> Target | targets.TargetKind | None:
    """A data set's target, or its kind; None where only its files say."""
    info = options.data(cfg.name).INFO
    if info is not None:
        return info.target
    # A key of data sets that may have several.
    stated = getattr(cfg, "target", None)
    return stated if stated in targets.KINDS else None


def tasks_that_learn(target: Target | targets.TargetKind) -> list[str]:
    """The names of the tasks for a target, or for a kind of targets."""
    return [name for name in registry.names("task") if _learns(options.task(name), target)]


def require_learned(cfg: TrainConfig, target: Target | targets.TargetKind) -> None:
    """UsageError where the task does not learn such a target."""
    task = options.task(cfg.task.name)
    if _learns(task, target):
        return
    kind = target if isinstance(target, str) else target.kind
    if kind in task.LEARNS:
        assert not isinstance(target, str), "only a target has too many classes"
        wanted, found = f"at most {task.MOST_CLASSES} classes", target.described()
    else:
        wanted = " or ".join(targets.WHAT[each] for each in task.LEARNS)
        found = targets.WHAT[kind]
    others = " or task=".join(tasks_that_learn(target))
    raise UsageError(
        f"task={cfg.task.name} learns {wanted}, but data={cfg.data.name} has {found}",
        fix=f"choose task={others}, or other data" if others else "choose other data",
    )


def _learns(task: TaskModule, target: Target | targets.TargetKind) -> bool:
    if isinstance(target, str):
        return target in task.LEARNS
    if target.kind not in task.LEARNS:
        return False
    return task.MOST_CLASSES is None or _classes(target) <= task.MOST_CLASSES


def _classes(target: Target) -> int:
    return 0 if isinstance(target, targets.Numbers) else len(target.names)


def readable_kinds(model_name: str) -> tuple[SampleKind, ...]:
    """The kinds of input that a model may have."""
    return options.model(model_name).READS


def smallest_image(model_name: str) -> int | None:
    """Pixels a side that a model takes with its default keys; None where that is not known."""
    option = options.model(model_name)
    if option.SMALLEST_IMAGE is None and registry.is_built_in("model", model_name):
        return models.SMALLEST_IMAGE if "image" in option.READS else None
    return option.SMALLEST_IMAGE


def require_matching(cfg: TrainConfig, kind: SampleKind, *, seen: SampleKind | None = None) -> None:
    """UsageError where the model, the augmentation or `tta` is not for samples of this kind.

    Args:
        seen: what the task makes of them for the model; None for the same.
    """
    data = f"data={cfg.data.name} holds {WHAT[kind]}"
    _require_readable(cfg, seen or kind, data)
    if kind == "image":
        return
    if cfg.augment.changes_images:
        raise UsageError(
            f"augment={cfg.augment.name} with these keys changes images, but {data}",
            fix="augment=none, without keys of its own",
        )
    require_viewable(cfg.tta, cfg.data.name, kind)


def require_viewable(tta: TestTimeAugmentation, data_name: str, kind: SampleKind) -> None:
    """UsageError for views of samples that are no images."""
    if tta != "none" and kind != "image":
        data = f"data={data_name} holds {WHAT[kind]}"
        raise UsageError(f"tta={tta} is for images, but {data}", fix="tta=none")


def _require_readable(cfg: TrainConfig, kind: SampleKind, data: str) -> None:
    readable = readable_kinds(cfg.model.name)
    if kind in readable:
        return
    wanted = " or ".join(WHAT[each] for each in KINDS if each in readable)
    others = [name for name in registry.names("model") if kind in readable_kinds(name)]
    message = f"model={cfg.model.name} reads {wanted}, but {data}"
    if kind == "record":
        raise UsageError(message, fix=f"choose a task that makes {wanted} of them, or other data")
    raise UsageError(message, fix=f"choose model={', '.join(others)}, or other data")


def require_representation(cfg: TrainConfig, kind: SampleKind | None) -> None:
    """UsageError where the model cannot give what the task needs.

    Args:
        kind: of the samples, if it is known.
    """
    task, needs = cfg.task.name, options.task(cfg.task.name).NEEDS
    if _serves(cfg.model.name, task):
        return
    readers = [
        name for name in registry.names("model") if kind is None or kind in readable_kinds(name)
    ]
    others = [name for name in readers if _serves(name, task)]
    given = " or ".join(f"a {each}" for each in options.model(cfg.model.name).GIVES)
    given = given or "logits of classes"
    raise UsageError(
        f"task={task} needs a {needs}, {representations.WHAT[needs]}, "
        f"but model={cfg.model.name} gives {given}",
        fix=f"choose one of the models {', '.join(others)}, or another task",
    )


def _serves(model_name: str, task_name: str) -> bool:
    model, task = options.model(model_name), options.task(task_name)
    if ends_in_logits(model.build):
        # A task for a few classes alone need not read a logit for each of them.
        return "label" in task.LEARNS and task.MOST_CLASSES is None
    return task.NEEDS in model.GIVES


def require_fit(model: ModelConfig, element: Sample) -> None:
    """UsageError for samples of a size or shape that the keys of the model do not allow."""
    options.model(model.name).check(model, element)
