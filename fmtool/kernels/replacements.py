"""The kernels that take the place of those of Keras, by backend."""


def use(backend: str) -> None:
    """For the rest of the process; Keras was imported on `backend`."""
    if backend == "jax":
        from fmtool.kernels import jax_pooling

        jax_pooling.use()
        return
    from fmtool.kernels import batch_normalization

    if backend == "tensorflow":
        from fmtool.kernels import gelu

        batch_normalization.use(batch_normalization.on_tensorflow)
        gelu.use()
        return
    from fmtool.kernels import torch_layout

    torch_layout.avoid_copies()
    batch_normalization.use(batch_normalization.on_torch)
