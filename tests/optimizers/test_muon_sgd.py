"""Muon for convolution kernels against the published rule in NumPy."""

import keras
import numpy as np
import pytest

from fmtool.optimizers import muon_sgd
from fmtool.optimizers.shared.muon_for_kernels import orthogonalize

SHAPES = {"narrow": (3, 3, 4, 6), "twin": (3, 3, 4, 6), "tall": (3, 3, 1, 12), "head": (12, 5)}
SHAPES |= {"bias": (6,)}


def array(tensor):
    return keras.ops.convert_to_numpy(tensor).astype(np.float64)


def variables(seed=0):
    rng = np.random.default_rng(seed)
    return [
        keras.Variable(rng.normal(size=shape).astype(np.float32), name=name)
        for name, shape in SHAPES.items()
    ]


def gradients(steps, seed=1):
    rng = np.random.default_rng(seed)
    return [
        [rng.normal(size=shape).astype(np.float32) for shape in SHAPES.values()]
        for _ in range(steps)
    ]


def train(optimizer, members, batches):
    optimizer.build(members)
    for grads in batches:
        optimizer.apply([keras.ops.convert_to_tensor(each) for each in grads], members)


def newton_schulz(matrix, steps):
    x = matrix / np.linalg.norm(matrix)
    for _ in range(steps):
        gram = x @ x.T
        x = 3.4445 * x + (-4.775 * gram + 2.0315 * gram @ gram) @ x
    return x


def reference(cfg, rates, starts, batches):
    """The weights after a step for each rate, by the rule as it is published."""
    weights = [start.copy() for start in starts]
    buffers = [np.zeros_like(start) for start in starts]
    for rate, grads in zip(rates, batches, strict=True):
        for number, gradient in enumerate(grads):
            is_kernel = gradient.ndim == 4
            momentum = cfg.momentum if is_kernel else cfg.sgd_momentum
            buffers[number] = momentum * buffers[number] + gradient
            update = gradient + momentum * buffers[number]
            if not is_kernel:
                weights[number] -= rate * cfg.sgd_lr_ratio * update
                continue
            outputs = gradient.shape[3]
            by_filter = np.moveaxis(update, 3, 0).reshape(outputs, -1)
            step = newton_schulz(by_filter, cfg.ns_steps).reshape(outputs, *gradient.shape[:3])
            weights[number] *= np.sqrt(outputs) / np.linalg.norm(weights[number])
            weights[number] -= rate * np.moveaxis(step, 0, 3)
    return weights


def test_steps_are_those_of_a_reference_in_numpy(option):
    cfg = option("muon_sgd")
    schedule = keras.optimizers.schedules.PolynomialDecay(0.24, 4, end_learning_rate=0.0)
    members, batches = variables(), gradients(3)
    starts = [array(each) for each in members]
    train(muon_sgd.build(cfg, schedule), members, batches)
    expected = reference(cfg, [0.24, 0.18, 0.12], starts, batches)
    for member, values in zip(members, expected, strict=True):
        np.testing.assert_allclose(array(member), values, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("shape", [(1, 30, 8), (2, 8, 30), (3, 16, 16)])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_orthogonalized_matrices_have_singular_values_near_one(shape, dtype):
    noise = np.random.default_rng(0).normal(size=shape)
    u, _, v = np.linalg.svd(noise, full_matrices=False)
    spread = np.linspace(0.5, 1.0, min(shape[1:]))
    matrices = keras.ops.convert_to_tensor((u * spread) @ v, "float32")
    result = array(orthogonalize(matrices, steps=3, dtype=dtype))
    singular = np.linalg.svd(result, compute_uv=False)
    assert singular.min() > 0.65
    assert singular.max() < 1.25
    # The directions are kept: the product with the nearest orthogonal matrix is nearly symmetric.
    turned = np.swapaxes(result, 1, 2) @ (u @ v)
    assert np.abs(turned - np.swapaxes(turned, 1, 2)).max() < 0.05


def test_the_size_of_the_gradient_does_not_matter_to_a_kernel(option):
    cfg, results = option("muon_sgd"), []
    for factor in (1.0, 1000.0):
        members = variables()
        batches = [[factor * each for each in grads] for grads in gradients(2)]
        train(muon_sgd.build(cfg, 0.1), members, batches)
        results.append([array(each) for each in members[:3]])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_weight_decay_is_for_what_sgd_trains(option):
    cfg = option("muon_sgd", weight_decay=0.5)
    members = variables()
    starts = [array(each) for each in members]
    nothing = [[np.zeros(shape, np.float32) for shape in SHAPES.values()]]
    train(muon_sgd.build(cfg, 0.1), members, nothing)
    for member, start in zip(members, starts, strict=True):
        is_kernel = start.ndim == 4
        factor = np.sqrt(start.shape[-1]) / np.linalg.norm(start) if is_kernel else 0.95
        np.testing.assert_allclose(array(member), start * factor, rtol=1e-4)


def test_gradients_are_averaged_over_the_batches_that_accumulate(option):
    results = []
    for count in (None, 2):
        cfg = option("muon_sgd", gradient_accumulation_steps=count)
        members, (first, second) = variables(), gradients(2)
        mean = [(one + other) / 2 for one, other in zip(first, second, strict=True)]
        train(muon_sgd.build(cfg, 0.1), members, [first, second] if count else [mean])
        results.append([array(each) for each in members])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_its_state_is_in_its_variables(option):
    cfg, (first, second) = option("muon_sgd"), gradients(2)
    optimizer, members = muon_sgd.build(cfg, 0.1), variables()
    train(optimizer, members, [first])
    copies, again = [keras.Variable(each.value) for each in members], muon_sgd.build(cfg, 0.1)
    again.build(copies)
    for copy, original in zip(again.variables, optimizer.variables, strict=True):
        copy.assign(original.value)
    train(optimizer, members, [second])
    train(again, copies, [second])
    for one, other in zip(members, copies, strict=True):
        np.testing.assert_array_equal(array(one), array(other))
