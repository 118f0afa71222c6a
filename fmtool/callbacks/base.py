"""What a Keras callback of a user's own has for its keys."""

from fmtool.config.base import NamedConfig


class CallbackConfig(NamedConfig):
    """The keys of one entry of `callbacks.own`.

    Its module has `build(cfg) -> keras.callbacks.Callback`. A callback with `state()`, a
    dictionary of JSON types, and `restore(state)` goes on in a resumed run where it was.
    """
