"""`fmtool bench` measures a training beside a bare loop and leaves nothing behind."""

import os

import pytest

from fmtool.benchmarking.table import tables
from fmtool.cli import output

SMALL = ("model=cnn", "model.filters=[4,8]", "model.dense_units=[16]", "batch_size=32")
SHORT = ("bench.rounds=3", "bench.seconds=0.1")
PHASES = ("command", "data", "import", "build", "first_dispatch")


def bench(command, *argv):
    beside = command.folder.parent
    outcome = command("bench", *SMALL, *SHORT, *argv, "--json", TMPDIR=str(beside))
    assert outcome.code == 0, outcome.err
    assert command.files() == set()
    assert list(beside.glob("fmtool-*")) == []
    return outcome


@pytest.fixture(scope="module")
def outcome(tmp_path_factory, session_command):
    """With what would end a training early, or name one, which changes nothing here."""
    command = session_command(tmp_path_factory.mktemp("bench"))
    return bench(command, "callbacks=early_stopping", "epochs=1", "gate.min.accuracy=1")


@pytest.fixture(scope="module")
def figures(outcome):
    return outcome.json


def test_the_object_has_these_figures(figures):
    assert set(figures) == {
        "schema_version", "model", "data", "kind", "batch_size", "backend", "device", "precision",
        "threads", "storage", "steps_per_dispatch", "rounds",
        "steps_per_second", "samples_per_second", "samples_per_second_with_checkpoints",
        "images_per_second", "images_per_second_with_checkpoints", "bare_images_per_second",
        "seconds_per_checkpoint", "bare_steps_per_second", "bare_samples_per_second",
        "fmtool_over_bare", "fmtool_over_bare_min", "fmtool_over_bare_max",
        "training_flops_per_image", "gflops_per_second", "peak_gflops_per_second",
        "share_of_peak", *(f"seconds_{phase}" for phase in PHASES),
        "seconds_until_first_dispatch", "peak_memory_bytes", "load_average",
    }  # fmt: skip


def test_it_says_what_was_measured(figures):
    assert (figures["model"], figures["data"]) == ("cnn", "digits")
    assert (figures["backend"], figures["batch_size"], figures["rounds"]) == ("tensorflow", 32, 3)
    assert figures["device"] in ("cpu", "gpu")


def test_samples_are_steps_times_the_batch_size(figures):
    for side in ("", "bare_"):
        assert figures[f"{side}samples_per_second"] == pytest.approx(
            32 * figures[f"{side}steps_per_second"]
        )
        assert figures[f"{side}images_per_second"] == figures[f"{side}samples_per_second"]


def test_the_ratio_is_positive_and_the_median_of_its_rounds(figures):
    low, high = figures["fmtool_over_bare_min"], figures["fmtool_over_bare_max"]
    assert 0 < low <= figures["fmtool_over_bare"] <= high


def test_checkpoints_cost_something_but_no_more_than_their_share(figures):
    kept = figures["samples_per_second_with_checkpoints"] / figures["samples_per_second"]
    assert 0.9 < kept < 1


def test_a_training_step_is_three_forward_passes(figures):
    # Convolutions on 8x8 and, behind a pooling of 2, on 4x4; then 2x2x8 values to 16 to 10.
    forward = 2 * (64 * 9 * 1 * 4 + 16 * 9 * 4 * 8 + 32 * 16 + 16 * 10)
    assert figures["training_flops_per_image"] == 3 * forward
    assert figures["gflops_per_second"] == pytest.approx(
        3e-9 * forward * figures["samples_per_second"]
    )


def test_the_share_is_of_the_peak_that_was_measured(figures):
    share = figures["gflops_per_second"] / figures["peak_gflops_per_second"]
    assert figures["share_of_peak"] == pytest.approx(share)
    assert 0 < share < 1


def test_the_phases_sum_to_the_time_until_the_first_steps(figures):
    phases = [figures[f"seconds_{phase}"] for phase in PHASES]
    assert min(phases) > 0
    assert sum(phases) == pytest.approx(figures["seconds_until_first_dispatch"])


def test_memory_is_that_of_a_process_with_a_framework_in_it(figures):
    assert (
        100e6
        < figures["peak_memory_bytes"]
        < os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    )


def test_each_round_is_told_on_stderr(outcome):
    lines = outcome.err.splitlines()
    # What is measured of a machine that was never measured before comes first.
    lines = [line for line in lines if not line.startswith("measuring ")]
    assert [line.partition(":")[0] for line in lines] == [f"round {n} of 3" for n in (1, 2, 3)]
    assert all("fmtool" in line and "bare" in line for line in lines)


def test_the_table_shows_rates_ratio_and_phases(figures, capsys):
    output.print_tables(tables(figures))
    text = capsys.readouterr().out
    assert text.startswith("cnn on digits, batch size 32, tensorflow on ")
    assert f"{figures['samples_per_second']:,.1f}" in text
    assert f"{figures['fmtool_over_bare']:.2f}" in text
    assert f"{figures['share_of_peak']:.1%}" in text
    assert f"{figures['seconds_until_first_dispatch']:.2f}" in text


def test_the_rate_is_of_what_the_samples_are(figures, capsys):
    for kind, rate in (("image", "images/s"), ("text", "texts/s"), ("features", "rows/s")):
        output.print_tables(tables(figures | {"kind": kind}))
        assert rate in capsys.readouterr().out.splitlines()[2]


def test_a_precision_without_a_peak_has_no_share_in_the_table(figures, capsys):
    output.print_tables(tables(figures | {"share_of_peak": None, "peak_gflops_per_second": None}))
    assert "share of the peak" not in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_other_backends_are_measured_beside_a_loop_of_their_own(fmtool, backend):
    extra = ("regularizer=l2", "optimizer.use_ema=true", "augment=flip_crop", "schedule=cosine")
    figures = bench(fmtool, f"runtime.backend={backend}", *extra).json
    assert figures["backend"] == backend
    assert figures["fmtool_over_bare"] > 0


@pytest.mark.parametrize(
    ("argv", "error"),
    [
        (["bench.round=2"], "unknown key 'bench.round'; fix: did you mean 'bench.rounds'?"),
        (["bench.rounds=0"], "bench.rounds=0 is not accepted; fix: give a value greater than 0"),
        (["epoch=2"], "unknown key 'epoch'; fix: did you mean 'epochs'?"),
        (["model=cnnn"], "model=cnnn: no such model; fix: did you mean 'cnn'?"),
        (
            ["resume=last"],
            "resume=last: bench begins a training of its own; fix: leave out resume=",
        ),
        (
            ["-m", "seed=0,1"],
            "bench takes no -m and no -cn; fix: measure one training at a time: what train takes",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_one_line_and_exit_code_2(call, fmtool, argv, error):
    outcome = call("bench", *argv)
    assert (outcome.code, outcome.error) == (2, f"error: {error}")
    assert fmtool.files() == set()


def test_its_config_is_that_of_train_with_its_own_keys(call):
    own = "bench:\n  rounds: 5\n  seconds: 2.0\n"
    assert call("bench", "--cfg", "job").out == call("train", "--cfg", "job").out + own
