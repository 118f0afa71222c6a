"""Which kernels take the place of those of Keras, by backend."""


def use(backend: str) -> None:
    """For the rest of the process; Keras was imported on `backend`."""
    if backend == "torch":
        from fmtool.kernels import torch_layout

        torch_layout.avoid_copies()
    elif backend == "jax":
        from fmtool.kernels import jax_pooling

        jax_pooling.use()
