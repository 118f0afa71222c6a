"""Slow weights against the rule in NumPy, in compiled steps."""

import keras
import numpy as np
import pytest

from fmtool.training.lookahead import Lookahead

STEPS, TOTAL = 2, 6


def array(tensor):
    return keras.ops.convert_to_numpy(tensor).copy()


def weights(seed=0):
    """Two trained weights, a batch statistic, and a counter that no average suits."""
    rng = np.random.default_rng(seed)
    values = [rng.normal(size=shape).astype(np.float32) for shape in [(2, 3), (4,), ()]]
    made = [keras.Variable(each, name=f"w{number}") for number, each in enumerate(values)]
    made[1].trainable = False
    return [*made, keras.Variable(7, dtype="int32", trainable=False, name="counter")]


def compiled(lookahead, members):
    """`lookahead.update` as the backend runs it inside a step."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        function = tf.function(lookahead.update)
        return lambda step: function(tf.constant(step))
    if keras.backend.backend() == "torch":
        return lambda step: lookahead.update(keras.ops.convert_to_tensor(step))
    import jax

    held = [lookahead.slow, *members]

    @jax.jit
    def stateless(values, step):
        with keras.StatelessScope(state_mapping=list(zip(held, values, strict=True))) as scope:
            lookahead.update(step)
        return [scope.get_current_value(each) for each in held]

    def update(step):
        for each, value in zip(held, stateless([v.value for v in held], step), strict=True):
            each.assign(value)

    return update


def follow(lookahead, members, *, first=1, last=TOTAL):
    """Moves the weights as training would and updates after each step; the values seen."""
    update, seen = compiled(lookahead, members), []
    for step in range(first, last + 1):
        for each in members[:3]:
            each.assign(each.value + 0.1 * step)
        update(step)
        seen.append([array(each) for each in members])
    return seen


def reference(alpha, growth):
    fast = [array(each).astype(np.float64) for each in weights()[:3]]
    slow, seen = [each.copy() for each in fast], []
    for step in range(1, TOTAL + 1):
        fast = [each + 0.1 * step for each in fast]
        if step % STEPS == 0:
            behind = (1 - alpha) * (step / TOTAL) ** growth
            slow = [behind * s + (1 - behind) * f for s, f in zip(slow, fast, strict=True)]
            fast = [each.copy() for each in slow]
        seen.append(fast)
    return seen, slow


def make(members, *, alpha=0.5, growth=0.0):
    return Lookahead(members, steps=STEPS, alpha=alpha, growth=growth, total_steps=TOTAL)


@pytest.mark.parametrize(("alpha", "growth"), [(0.5, 0.0), (0.2262, 3.0)])
def test_weights_and_statistics_follow_a_reference_in_numpy(alpha, growth):
    members = weights()
    lookahead = make(members, alpha=alpha, growth=growth)
    expected, slow = reference(alpha, growth)
    for values, wanted in zip(follow(lookahead, members), expected, strict=True):
        for one, other in zip(values, wanted, strict=False):
            np.testing.assert_allclose(one, other, rtol=1e-5)
        assert values[3] == 7
    flat = np.concatenate([np.ravel(each) for each in slow])
    np.testing.assert_allclose(array(lookahead.slow), flat, rtol=1e-5)


def test_an_alpha_of_one_leaves_training_as_it_is():
    members, untouched = weights(), weights()
    follow(make(members, alpha=1.0), members)
    for step in range(1, TOTAL + 1):
        for each in untouched[:3]:
            each.assign(each.value + 0.1 * step)
    for one, other in zip(members, untouched, strict=True):
        np.testing.assert_allclose(array(one), array(other), rtol=1e-6)


def test_the_result_of_training_is_the_slow_weights():
    members = weights()
    lookahead = make(members)
    follow(lookahead, members, last=TOTAL + 1)
    assert not np.allclose(array(members[0]).ravel(), array(lookahead.slow)[:6])
    lookahead.finalize()
    assert np.array_equal(array(members[0]).ravel(), array(lookahead.slow)[:6])
    assert array(members[2]) == array(lookahead.slow)[-1]


def test_a_resumed_training_goes_on_bit_by_bit():
    members = weights()
    whole = follow(make(members), members)
    first, halfway = weights(), None
    lookahead = make(first)
    follow(lookahead, first, last=3)
    halfway = [array(each) for each in [lookahead.slow, *first]]
    second = weights(seed=5)
    resumed = make(second)
    for variable, value in zip([resumed.slow, *second], halfway, strict=True):
        variable.assign(value)
    for one, other in zip(follow(resumed, second, first=4)[-1], whole[-1], strict=True):
        np.testing.assert_array_equal(one, other)
