"""Which points are drawn: the same for the same study, and never the same for two workers."""

import pytest
from optuna.trial import TrialState
from studies import LEASE, complete

from fmtool import registry
from fmtool.tuning import attempts, sampling
from fmtool.tuning.dimension import draw

LINE = ("data=digits", "model=mlp", "model.dropout=0..0.5", "optimizer.learning_rate=1e-4..1:log")


@pytest.mark.parametrize("tuner", registry.names("tuner"))
def test_every_tuner_draws_the_same_points_again_after_a_restart(study, tmp_path, tuner):
    def points(folder, restart_every):
        asked, found = study(*LINE, f"tuner={tuner}", f"study={folder}"), []
        store = asked.store()
        for index in range(6):
            if index % restart_every == 0:
                store = asked.store()
            trial = complete(store, index / 10)
            found.append(dict(trial.params))
        return found

    if tuner == "gp":
        pytest.importorskip("torch")
    first, second = points("one", 6), points("two", 1)
    assert first == second
    assert len({tuple(point.values()) for point in first}) == 6


def test_two_workers_with_one_study_never_draw_the_same(study):
    asked = study(*LINE, "tuner=random")
    stores = [asked.store(), asked.store()]
    drawn = [complete(stores[index % 2], 0.5).params["model.dropout"] for index in range(8)]
    assert len(set(drawn)) == 8


def test_seeds_of_trials_differ():
    assert len({derived_seed_of(number) for number in range(1000)}) == 1000
    assert sampling.derived_seed(0, 1) != sampling.derived_seed(1, 0)


def derived_seed_of(number):
    return sampling.derived_seed(0, number)


def test_a_grid_takes_every_combination_in_turn(study):
    asked = study("data=digits", "model=mlp", "batch_size=8,16", "model.dropout=0..0.5", "epochs=1",
                  "tuner=grid", "tuner.points=3")  # fmt: skip
    store = asked.store()
    assert store.settings.budget.trials == 6
    found = [complete(store, 0.5).params for _ in range(6)]
    assert [tuple(point.values()) for point in found] == [
        ("8", 0.0), ("8", 0.25), ("8", 0.5), ("16", 0.0), ("16", 0.25), ("16", 0.5),
    ]  # fmt: skip


def test_a_grid_knows_which_dimensions_a_point_has(study):
    asked = study("data=digits", "model=cnn,mlp", "model.units=[8],[16]", "tuner=grid")
    assert sampling.listed(asked.definition) == [
        {"model": "cnn"}, {"model": "mlp", "model.units": "[8]"},
        {"model": "mlp", "model.units": "[16]"},
    ]  # fmt: skip


def test_only_what_the_chosen_option_has_is_drawn(study):
    asked = study("data=digits", "model=cnn,mlp", "model.units=[8],[16]", "tuner=random")
    store = asked.store()
    for _ in range(8):
        point = complete(store, 0.5).params
        assert ("model.units" in point) == (point["model"] == "mlp")


@pytest.mark.parametrize("pruner", registry.names("pruner"))
def test_a_hopeless_trial_is_given_up_by_every_pruner_but_none(study, pruner):
    store = study(*LINE, f"pruner={pruner}", "epochs=9").store()
    for _ in range(6):
        trial = store.take(LEASE, most=100)
        draw(store.definition.dimensions, trial)
        for epoch in range(1, 10):
            store.report(trial, 0.9, epoch)
        metrics = {attempts.METRICS: {"val_accuracy": 0.9}}
        store.finish(trial, TrialState.COMPLETE, metrics, values=[0.9])
    trial = store.take(LEASE, most=100)
    draw(store.definition.dimensions, trial)
    verdicts = [store.report(trial, 0.2 - epoch / 100, epoch) for epoch in range(1, 9)]
    assert any(verdicts) == (pruner != "none")


def test_with_two_objectives_nothing_is_pruned(study):
    asked = study(*LINE, "objective=[max val_accuracy,min parameters]")
    assert not asked.definition.can_prune
    assert type(sampling.pruner_for(asked.definition)).__name__ == "NopPruner"
