"""Gradient noise has the published variance and is a function of the seed and the update."""

import keras
import numpy as np
import pytest

from fmtool.regularizers.shared.gradient_noise import add_gradient_noise


def trainer(seed, *, eta=0.1, size=4, is_compiled=True, **optimizer_keys):
    """A linear model whose own gradient is 0, so that it moves by the noise alone."""
    optimizer = keras.optimizers.SGD(1.0, **optimizer_keys)
    add_gradient_noise(optimizer, eta=eta, seed=seed)
    model = keras.Sequential(
        [
            keras.Input((size,)),
            keras.layers.Dense(size, kernel_initializer="zeros"),
            keras.layers.Dense(1, kernel_initializer="zeros"),
        ]
    )
    model.compile(
        optimizer=optimizer,
        loss=lambda y, y_pred: 0.0 * keras.ops.mean(y_pred),
        run_eagerly=not is_compiled,
    )
    optimizer.build(model.trainable_variables)
    return model


def fit(model, steps):
    size = model.input_shape[-1]
    model.fit(np.ones((steps, size)), np.zeros((steps, 1)), batch_size=1, verbose=0)
    return np.concatenate([weight.ravel() for weight in model.get_weights()])


def test_the_same_seed_gives_the_same_noise_and_another_seed_another():
    first, again, other = (fit(trainer(seed), 3) for seed in (7, 7, 8))
    np.testing.assert_array_equal(first, again)
    assert np.all(first != other)


def test_a_resumed_run_repeats_the_noise_of_one_in_one_go():
    whole = fit(trainer(7), 4)
    first, second = trainer(7), trainer(7)
    fit(first, 2)
    second.set_weights(first.get_weights())
    second.optimizer.iterations.assign(2)
    np.testing.assert_array_equal(fit(second, 2), whole)


@pytest.mark.parametrize("update", [0, 3])
def test_the_variance_falls_as_published(update):
    model = trainer(1, eta=0.3, size=200, is_compiled=False)
    model.optimizer.iterations.assign(update)
    noise = fit(model, 1)
    # 40,401 samples: the variance is known to 0.7 % (one standard deviation).
    assert noise.var() == pytest.approx(0.3 / (1 + update) ** 0.55, rel=0.03)
    assert abs(noise.mean()) < 0.01


def test_every_update_and_every_weight_has_noise_of_its_own():
    model = trainer(1, is_compiled=False)
    first = fit(model, 1)
    second = fit(model, 1) - first
    assert len(np.unique(np.concatenate([first, second]))) == 2 * len(first)


def test_noise_is_not_saved_with_the_optimizer():
    optimizer = keras.optimizers.Adam()
    before = optimizer.get_config(), len(optimizer.variables)
    add_gradient_noise(optimizer, eta=0.1, seed=0)
    assert (optimizer.get_config(), len(optimizer.variables)) == before


def test_clipping_bounds_the_noise_too():
    moved = fit(trainer(1, eta=1.0, is_compiled=False, global_clipnorm=0.25), 1)
    assert np.linalg.norm(moved) == pytest.approx(0.25, rel=1e-5)
