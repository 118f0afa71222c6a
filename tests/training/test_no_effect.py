"""What a run of some length can never come to is refused before it, or said."""

import pytest

DIGITS = ("train", "model=mlp", "model.units=[4]", "data=digits", "data.limit=100", "batch_size=64")
"""One step an epoch: 90 samples are trained on."""

REFUSED = {
    # words: what is wrong, and a fix
    ("epochs=6", "optimizer.gradient_accumulation_steps=8"): (
        "optimizer.gradient_accumulation_steps=8: a run of 6 steps makes no update",
        "optimizer.gradient_accumulation_steps=6 or epochs=8",
    ),
    ("epochs=1", "optimizer.gradient_accumulation_steps=2"): (
        "a run of 1 step makes no update",
        "epochs=2",
    ),
    ("epochs=4", "optimizer.lookahead_steps=5"): (
        "optimizer.lookahead_steps=5: a run of 4 steps never moves the slow weights",
        "optimizer.lookahead_steps=4 or epochs=5",
    ),
    ("epochs=4", "optimizer.use_ema=true", "optimizer.ema_overwrite_frequency=9"): (
        "optimizer.ema_overwrite_frequency=9: a run of 4 steps never puts the average",
        "optimizer.ema_overwrite_frequency=4 or epochs=9",
    ),
    ("epochs=4", "optimizer.ema_overwrite_frequency=2"): (
        "optimizer.ema_overwrite_frequency has no moving average",
        "add optimizer.use_ema=true",
    ),
    ("epochs=4", "++optimizer.freeze_after={logits:4}"): (
        "optimizer.freeze_after: 'logits' after 4 epochs is no earlier than the end of the run",
        "epochs=5 or more",
    ),
    ("epochs=4", "schedule.warmup_epochs=4"): ("a warm-up of 4 steps does not fit", "raise epochs"),
    ("epochs=4", "optimizer=schedule_free_adamw", "optimizer.warmup_steps=4"): (
        "optimizer.warmup_steps: a warm-up of 4 updates does not fit into a run of 4",
        "raise epochs",
    ),
    ("epochs=4", "schedule=step", "schedule.drop_epochs=4"): (
        "schedule.drop_epochs: a change after 4 epochs",
        "epochs=5 or more",
    ),
    ("epochs=4", "schedule=multistep", "schedule.milestone_epochs=[2,6.5]"): (
        "schedule.milestone_epochs: a change after 6.5 epochs",
        "epochs=7 or more",
    ),
    (
        "epochs=4",
        "schedule=cosine_restarts",
        "schedule.first_decay_epochs=3",
        "schedule.warmup_epochs=1",
    ): ("schedule.first_decay_epochs: a change after 4 epochs", "epochs=5 or more"),
    ("epochs=4", "schedule=exponential", "schedule.decay_epochs=9", "schedule.staircase=true"): (
        "schedule.decay_epochs: a change after 9 epochs",
        "epochs=10 or more",
    ),
    ("epochs=4", "schedule=inverse_time", "schedule.decay_epochs=4", "schedule.staircase=true"): (
        "schedule.decay_epochs: a change after 4 epochs",
        "epochs=5 or more",
    ),
}
SAID = {
    ("epochs=11", "optimizer.gradient_accumulation_steps=4"): (
        "optimizer.gradient_accumulation_steps=4: the last 3 of 11 batches make no update"
    ),
    ("epochs=11", "optimizer.lookahead_steps=5"): (
        "optimizer.lookahead_steps=5: the last 1 of 11 steps have no part in the slow weights"
    ),
    ("epochs=11", "schedule=reduce_on_plateau"): (
        "schedule.patience=10: the learning rate cannot fall within 11 epochs"
    ),
    ("epochs=12", "schedule=reduce_on_plateau"): None,
    ("epochs=12", "optimizer.gradient_accumulation_steps=4"): None,
}


@pytest.mark.parametrize("words", REFUSED, ids=" ".join)
def test_what_never_takes_effect_is_refused_and_leaves_nothing(call, fmtool, words):
    wrong, fix = REFUSED[words]
    outcome = call(*DIGITS, *words)
    assert outcome.code == 2
    (line,) = outcome.err.splitlines()
    assert wrong in line
    assert fix in line.partition("; fix: ")[2]
    assert not fmtool.runs


def test_a_dry_run_refuses_it_too(call):
    outcome = call(*DIGITS, "epochs=4", "optimizer.lookahead_steps=5", "dry_run=true")
    assert outcome.code == 2
    assert "never moves the slow weights" in outcome.err


@pytest.mark.parametrize("words", SAID, ids=" ".join)
def test_what_the_end_cuts_off_is_said(composed, words):
    cfg = composed(*words)
    cfg.optimizer.require_effect(steps_per_epoch=1, epochs=cfg.epochs)
    cfg.schedule.require_effect(steps_per_epoch=1, epochs=cfg.epochs)
    remarks = [
        *cfg.optimizer.remarks(steps_per_epoch=1, epochs=cfg.epochs),
        *cfg.schedule.remarks(epochs=cfg.epochs),
    ]
    expected = SAID[words]
    assert [expected in each for each in remarks] == ([] if expected is None else [True])


@pytest.fixture
def composed():
    from fmtool import validate
    from fmtool.config.compose import compose

    return lambda *words: validate.train_config(compose("train", list(words)))
