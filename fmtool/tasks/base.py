"""The base of every task's config."""

from fmtool.config.base import NamedConfig


class TaskConfig(NamedConfig):
    """Subclassed by the `Config` of each task file."""

    def loss_name(self) -> str:
        """The function that is minimized, in words that are equal where it is the same one.

        Weights of classes are no part of it: they are of training alone.
        """
        keys = self.model_dump(mode="json", exclude={"name", "class_weights"})
        return ", ".join([self.name, *(f"{key}={value}" for key, value in keys.items())])
