"""The tests of optimizers, losses, regularizers and augmentation, run again on JAX and torch."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

EXPECTED = os.environ.get("FMTOOL_TEST_BACKEND", "tensorflow")
TESTS = Path(__file__).resolve().parents[1]
HERE = "optimizers/test_other_backends.py::test_keras_runs_on_the_backend_these_tests_are_for"
ARCHITECTURES = "models/test_architectures.py"
SEQUENCES = "models/test_sequence_models.py"
# One test for each way of touching a backend; pytest fails when one of them is renamed.
ESSENTIAL = [
    HERE,
    "optimizers/test_optimizers.py::test_one_fit_step_changes_every_weight_and_keeps_it_finite",
    "optimizers/test_optimizers.py::test_weight_decay_works_together_with_a_schedule",
    "optimizers/test_muon_sgd.py::test_steps_are_those_of_a_reference_in_numpy",
    "optimizers/test_selected.py::test_a_factor_scales_what_a_step_does",
    "optimizers/test_selected.py::test_a_variable_stays_as_it_is_from_its_epoch_on",
    "training/test_lookahead.py::test_weights_and_statistics_follow_a_reference_in_numpy",
    "schedules/test_schedules.py::test_training_uses_the_value_of_each_step",
    "schedules/test_reduce_on_plateau.py::test_training_goes_on_with_the_lowered_rate",
    "regularizers/test_regularizers.py"
    "::test_the_training_loss_holds_the_penalty_of_every_kernel[orthogonal]",
    "regularizers/test_regularizers.py"
    "::test_max_norm_holds_for_every_unit_after_training_and_lets_biases_grow",
    "tasks/test_losses.py::test_a_loss_is_that_of_a_reference_in_numpy",
    "tasks/test_class_weights.py::test_mixed_samples_are_weighted_in_training_too",
    "models/test_dropout.py::test_zeros_lie_in_whole_squares_within_the_image",
    "models/test_dropout.py::test_spatial_dropout_drops_channels",
    "models/test_dropout.py"
    "::test_a_model_with_blocks_is_saved_and_loaded_by_plain_keras[cnn-keys0]",
    "regularizers/test_gradient_noise.py::test_a_resumed_run_repeats_the_noise_of_one_in_one_go",
    "augment/test_augment.py::test_a_batch_equals_the_images_one_by_one",
    "training/test_own_task.py::"
    "test_steps_of_records_with_trees_of_targets_are_those_of_a_reference_in_numpy",
    "training/test_torch_recording.py",
    *(
        f"{SEQUENCES}::test_a_step_changes_weights_and_the_saved_model_gives_the_same_logits"
        f"[float32-{family}]"
        for family in ("bag", "rnn", "tcn", "text_cnn", "transformer")
    ),
    *(f"{SEQUENCES}::test_a_step_is_recorded[{family}]" for family in ("rnn", "transformer")),
]
FOLDERS = [
    "optimizers",
    "schedules",
    "regularizers",
    "augment",
    "tasks",
    "models/test_airbench.py",
    "models/test_dropout.py",
    "models/test_models.py",
    "models/test_sequence_layers.py",
    SEQUENCES,
    *(
        f"{ARCHITECTURES}::test_a_step_changes_weights_and_the_saved_model_gives_the_same_logits"
        f"[{family}]"
        for family in ("densenet", "resnet", "vit")
    ),
    "training/test_lookahead.py",
    "training/test_own_task.py",
    "training/test_torch_recording.py",
]

from_the_default_backend = pytest.mark.skipif(
    EXPECTED != "tensorflow", reason="this is the run it would start"
)


def test_keras_runs_on_the_backend_these_tests_are_for():
    assert keras.backend.backend() == EXPECTED


def run_again(backend, tests):
    pytest.importorskip(backend)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow"]
        + [str(TESTS / test) for test in tests],
        cwd=TESTS.parent,
        env=os.environ | {"KERAS_BACKEND": backend, "FMTOOL_TEST_BACKEND": backend},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout[-5000:] + run.stderr[-2000:]


@from_the_default_backend
def test_the_essential_tests_pass_on_torch():
    run_again("torch", ESSENTIAL)


@pytest.mark.slow
@from_the_default_backend
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_all_the_tests_pass_on(backend):
    run_again(backend, FOLDERS)
