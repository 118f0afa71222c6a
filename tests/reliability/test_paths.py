"""A training ends with the same bits whichever way its samples and its steps take."""

import pytest
from ending import ending
from torture import run_of, train

WORDS = (
    "epochs=3", "augment.horizontal_flip=alternating", "augment.mixup=0.2", "augment.cutmix=1.0",
    "augment.erasing=0.5", "optimizer.use_ema=false", "optimizer.lookahead_steps=4",
    "optimizer.lookahead_growth=2.0", "callbacks.checkpoint.every_steps=null", "task.loss=focal",
    "task.class_weights=balanced", "model.convolution_dropout=0.2", "model.dropout_kind=block",
    "model.block_size=2",
)  # fmt: skip
DENSE = (
    "model=mlp", "model.units=[16]", "model.dropout=0.2", "data=digits", "data.limit=320",
    "batch_size=12", "epochs=2", "augment=flip_crop", "augment.mixup=0.2", "logging.plots=false",
    "runtime.device=cpu",
)  # fmt: skip
PATHS = {
    "host": ("data.storage=host",),
    "stream": ("data.storage=stream",),
    "single steps": ("runtime.steps_per_dispatch=1",),
    "longer dispatch": ("runtime.steps_per_dispatch=17",),
}
SLOW = [pytest.param(backend, marks=pytest.mark.slow) for backend in ("tensorflow", "jax")]


def bits(folder):
    """Of the newest checkpoint, of the model and of every row, each at its step."""
    left = ending(run_of(folder))
    return left["arrays"], left["model.keras"], left["result"]["metrics"], left["metrics.jsonl"]


@pytest.fixture(scope="module", params=[*SLOW, "torch"])
def zygote(request, zygote_on):
    return zygote_on(request.param)


@pytest.fixture(scope="module")
def on_device(zygote, tmp_path_factory):
    folder = tmp_path_factory.mktemp("device")
    child = train(zygote, folder, *WORDS, "data.storage=device")
    assert child.code == 0, child.err
    return bits(folder)


@pytest.mark.slow
def test_a_loop_on_the_device_leaves_the_bits_of_single_steps(zygote_on, tmp_path):
    # JAX does not loop over convolutions on the CPU, over dense layers it does.
    found = []
    for steps in (1, 3, 17):
        zygote, folder = zygote_on("jax"), tmp_path / str(steps)
        runtime = ("runtime.backend=jax", f"runtime.threads={zygote.threads}")
        length = f"runtime.steps_per_dispatch={steps}"
        child = zygote.run(folder, "train", *DENSE, *runtime, length)
        assert child.code == 0, child.err
        found.append(bits(folder))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("path", PATHS)
def test_every_path_leaves_the_same_bits(zygote, tmp_path, on_device, path):
    child = train(zygote, tmp_path, *WORDS, *PATHS[path])
    assert child.code == 0, child.err
    assert bits(tmp_path) == on_device
