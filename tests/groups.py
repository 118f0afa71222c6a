"""Which tests one worker runs together, in which order, and which of the long ones run at all.

A group is a file, since the tests of a file share what its fixtures have made; fork servers and the
runs of `conftest` are shared by all workers. The costliest groups come first, so that no worker
ends minutes before the other.
"""

import os
import time
import zlib
from collections.abc import Mapping

import pytest

SLICES = 10
SLICED = (
    "tests/models/test_architectures.py::",
    "tests/reliability/test_kills.py::",
    "tests/reliability/test_paths.py::",
    "tests/cli/test_binary.py::test_every_format",
    "tests/cli/test_multi_label.py::test_every_format",
    "tests/cli/test_predict.py::test_a_run_and_what_it_exports_give_the_same_labels",
    "tests/cli/test_regression.py::test_each_loss_keeps_its_numbers_in_every_format",
    "tests/test_conf_trains.py::",
    "tests/test_models_on_data.py::",
    "tests/optimizers/test_other_backends.py::test_all_the_tests_pass_on",
    "tests/tuning/test_clusters.py::",
    "tests/tuning/test_faults.py::",
    # What zsh makes of single lines of the guide is in the suite.
    "tests/tuning/test_guide.py::test_the_five_minutes_are_as_they_are_shown[zsh]",
)
"""Begins of the names of slow tests, more than an hour in all, that are dealt out to slices."""
SLOW = (
    # A pytest of its own on torch; of each family of options there is a step on every backend.
    "tests/optimizers/test_other_backends.py::test_the_essential_tests_pass_on",
    # Real processes on each backend; forked ones are ended in tests/reliability/test_interruptions.
    "tests/cli/test_signals.py::test_the_process_dies_by_the_signal_and_says_so_in_one_line",
    "tests/cli/test_signals.py::test_the_result_says_interrupted_on_stdout_and_in_the_run",
    "tests/cli/test_signals.py::test_the_last_step_is_in_a_valid_checkpoint_and_the_best_in_a_model",
    "tests/cli/test_signals.py::test_a_nohup_training_outlives_its_terminal",
    "tests/cli/test_signals.py::test_what_the_line_says_goes_on_when_it_is_typed",
    "tests/cli/test_signals.py::test_an_evaluation_past_its_time_leaves_the_run_as_it_was",
    "tests/cli/test_signals.py::test_an_interrupted_sweep_",
    "tests/test_without_tensorflow.py::",
    "tests/cli/test_doctor.py::test_a_backend_that_works_is_tried_in_a_process_of_its_own",
    "tests/logging/test_tensorboard_server.py::",
    "tests/security/test_every_backend.py::test_a_network_of_many_layers_loads_as_it_was_saved",
    "tests/security/test_real_commands.py::test_evaluate_makes_no_room_for_a_model",
    # Real trainings of a job; those of sweeps and studies are forked.
    "tests/jobs/test_process.py::test_a_training_that_is_stopped_ends_well_and_can_go_on",
    "tests/jobs/test_process.py::test_a_training_that_is_killed_leaves_an_outcome_that_says_so",
    "tests/jobs/test_process.py::test_a_run_that_had_nothing_left_to_do_is_known_too",
    "tests/jobs/test_process.py::test_where_it_runs_is_known_before_a_training_can_be_seen_there",
    # Compiled by a backend for seconds, and seldom changed.
    "tests/augment/test_backends.py::",
    "tests/kernels/test_batch_normalization.py::",
    "tests/kernels/test_gelu.py::",
    "tests/kernels/test_jax_pooling.py::",
    "tests/kernels/test_torch_layout.py::",
    "tests/machine/test_hiding.py::test_preprocessing_layers_of_keras_work_on_torch",
    "tests/test_backend.py::test_half_a_compiled_program_is_compiled_again_without_a_word",
    "tests/test_backend.py::test_tensorflow_runs_operations_in_order_where_bfloat16_is_native",
    "tests/test_backend.py::test_tensorflow_decides_on_its_threads_where_float32_was_asked_for",
    "tests/scripts/test_torch_networks.py::",
    # Long trainings of things that shorter ones train too.
    "tests/cli/test_bench.py::",
    "tests/cli/test_out_of_memory.py::test_a_mistake_that_a_probe_finds_is_told_as_without_it",
    "tests/cli/test_profile.py::",
    "tests/cli/test_out_of_memory.py::test_a_signal_during_a_probe_ends_both",
    "tests/cli/test_output_directory.py::test_spaces_accents_line_ends_and_255_bytes_are_good_names",
    "tests/cli/test_output_directory.py::test_the_umask_holds_for_every_file_of_a_run",
    "tests/cli/test_output_directory.py::test_a_run_below_odd_names_is_found_and_listed",
    "tests/cli/test_tune.py::test_one_board_shows_the_trials_and_their_hyperparameters",
    "tests/data/test_journeys.py::",
    "tests/data/test_own_data_training.py::",
    "tests/data/test_streaming.py::test_a_picture_that_goes_during_the_training_ends_it_with_one",
    # Of several like them that differ in a parameter one or two stay.
    "tests/reliability/test_damage.py::test_a_flipped_bit_in_the_newest_checkpoint_changes_no_bit",
    "tests/reliability/test_interruptions.py::"
    "test_after_a_signal_within_an_epoch_not_even_a_step_is_done_again[1]",
    "tests/reliability/test_resume.py::test_a_kill_within_the_last_commit_leaves_no_trace[after_",
    "tests/reliability/test_resume.py::test_a_kill_within_the_last_commit_leaves_no_trace[while_",
)
"""Begins of the names of tests that cost five processor seconds and more, and are slow therefore.

What they are about has a cheaper test in the suite, but for the reason given.
"""
_SLICED_FILES = {name.partition("::")[0] for name in SLICED}
COSTLY = (
    "tests/tuning/test_",
    "tests/cli/",
    "tests/reliability/",
    "tests/export/",
    "tests/training/",
    "tests/models/",
    "tests/test_",
    "tests/prediction/",
)
"""What begins first while nothing is known of an earlier session, in this order."""
LATE = "LEFT OUT, the time for the slice of long tests is over"
_UNTIL = "FMTOOL_TESTS_LONG_UNTIL"
_KEPT = "fmtool/costs"


def add_option(parser: pytest.Parser) -> None:
    parser.addoption(
        "--slice",
        type=int,
        metavar="N",
        help=f"of the slow tests that are dealt out, only slice N of {SLICES}",
    )


def by_file(config: pytest.Config) -> None:
    """What `-n` does where no other way of distribution is named."""
    if getattr(config.option, "numprocesses", None) and config.option.dist == "no":
        config.option.dist = "loadfile"
        # Else the files with the most tests would be first.
        config.option.loadscopereorder = False


def mark(item: pytest.Item) -> None:
    """Marks a test of `SLOW`."""
    if item.nodeid.startswith(SLOW):
        item.add_marker(pytest.mark.slow)


def choose(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Orders the tests by file, and leaves all slices but the chosen one out."""
    chosen = config.getoption("--slice")
    if chosen is not None:
        left_out = {item for item in items if is_sliced(item) and slice_of(item.nodeid) != chosen}
        config.hook.pytest_deselected(items=[item for item in items if item in left_out])
        items[:] = [item for item in items if item not in left_out]
    cache = _cache(config)
    known = {} if cache is None else cache.get(_KEPT, {})

    def place(item: pytest.Item) -> tuple[bool, float, int]:
        file = _file_of(item.nodeid)
        # The slice is what there may be no time for.
        return (chosen is not None and file in _SLICED_FILES, -known.get(file, 0.0), _guess(file))

    items.sort(key=place)


def keep_costs(config: pytest.Config, costs: Mapping[str, float]) -> None:
    """For the order of the next session."""
    cache = _cache(config)
    if cache is None:
        return
    files: dict[str, float] = {}
    for account, seconds in costs.items():
        if "::" in account:
            file = _file_of(account)
            files[file] = files.get(file, 0.0) + round(seconds, 2)
    cache.set(_KEPT, cache.get(_KEPT, {}) | files)


def is_sliced(item: pytest.Item) -> bool:
    return item.nodeid.startswith(SLICED) and item.get_closest_marker("slow") is not None


def slice_of(nodeid: str) -> int:
    """The same for tests of a file with equal parameters, which may share what they are about."""
    test = nodeid.partition("::")[2]
    name, _, parameters = test.partition("[")
    return zlib.crc32(f"{_file_of(nodeid)} {parameters or name}".encode()) % SLICES


def require_time(item: pytest.Item) -> None:
    """Skips a test of a slice past the Unix time that FMTOOL_TESTS_LONG_UNTIL gives."""
    until = os.environ.get(_UNTIL)
    if until is not None and time.time() > float(until) and is_sliced(item):
        pytest.skip(LATE)


def _cache(config: pytest.Config) -> pytest.Cache | None:
    """None under `-p no:cacheprovider`."""
    return getattr(config, "cache", None)


def _file_of(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def _guess(file: str) -> int:
    places = (place for place, start in enumerate(COSTLY) if file.startswith(start))
    return next(places, len(COSTLY))
