"""Running out of memory: how it is told from other errors, and what to try then."""

from collections.abc import Iterator

from fmtool.errors import FmtoolError, OutOfMemory
from fmtool.schema import TrainConfig

_SIGNS = (
    "resourceexhausted",  # TensorFlow and JAX
    "outofmemory",  # CUDA, by whichever backend
    "memoryerror",  # Python and NumPy
    "badalloc",  # C++, where an extension module translates it
    "allocatememory",  # torch's "can't", the system's "cannot"
)


def is_out_of_memory(error: BaseException) -> bool:
    """True where `error`, or one that it stands for, says so in the words of some library."""
    return any(
        sign in f"{type(each).__name__}{each}".lower().replace("_", "").replace(" ", "")
        for each in _chain(error)
        for sign in _SIGNS
    )


def as_user_error(error: Exception, cfg: TrainConfig, *, samples: int) -> FmtoolError:
    """Running out of memory has its own exit code; anything else is ours to mend.

    Args:
        samples: how many there are to train on.
    """
    if is_out_of_memory(error):
        return out_of_memory(cfg, samples=samples)
    first_line = (str(error).strip().splitlines() or [""])[0][:300]
    return FmtoolError(
        f"internal error: {type(error).__name__}: {first_line}",
        fix="run again with FMTOOL_DEBUG=1 and report the traceback",
    )


def out_of_memory(cfg: TrainConfig, *, samples: int) -> OutOfMemory:
    """Names the largest power of two up to half of the batch that did not fit."""
    size = samples if cfg.batch_size == "auto" else min(cfg.batch_size, samples)
    fix = "take a smaller model or a machine with more memory"
    if size > 1:
        smaller = 1 << ((size // 2).bit_length() - 1)
        # It may have been a batch of the validation; its size changes no metric.
        too = f" eval_batch_size={smaller}" if cfg.eval_batch_size > smaller else ""
        fix = f"try batch_size={smaller}{too}, or batch_size=auto for the largest that fits"
    return OutOfMemory(f"out of memory with batch_size={cfg.batch_size}", fix=fix)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
