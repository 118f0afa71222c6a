"""Which trainings a line stands for, which of them are the same, and which fall to a part."""

import pytest

from fmtool.errors import UsageError
from fmtool.sweeping.config import Shard
from fmtool.sweeping.jobs import of_shard, sweep_digest


def test_every_job_goes_on_with_what_is_there_unless_the_line_says_otherwise(expanded):
    (job,) = expanded("seed=1")
    assert job.overrides == ("seed=1", "resume=auto")
    assert job.goes_on
    (afresh,) = expanded("seed=1", "resume=null")
    assert afresh.overrides == ("seed=1", "resume=null")
    assert not afresh.goes_on


def test_jobs_that_are_the_same_are_told_from_the_first_of_them(expanded):
    jobs = expanded("optimizer.learning_rate=1e-2,0.01,1e-3,10e-3")
    assert [job.same_as for job in jobs] == [None, 1, None, 1]


@pytest.mark.parametrize(
    "override", ["epochs=1,2", "tta=none,flip", "logging=quiet,default", "report.test=true,false"]
)
def test_jobs_that_differ_in_a_free_key_alone_are_trainings_of_their_own(expanded, override):
    jobs = expanded(override)
    assert [job.same_as for job in jobs] == [None, None]
    assert len({job.variant for job in jobs}) == len({job.identity for job in jobs}) == 2


def test_a_free_key_that_does_not_vary_is_no_part_of_what_tells_jobs_apart(expanded):
    first, second = expanded("seed=0,1", "epochs=1"), expanded("seed=0,1", "epochs=9")
    assert [job.identity for job in first] == [job.identity for job in second]
    assert {job.variant for job in first} == {None}


def test_other_files_are_other_data(expanded):
    jobs = expanded("data=arrays", "model=mlp", "data.path=a.npz", "seed=0,1")
    assert {job.variant for job in jobs} == {None}


def test_each_point_is_repeated_with_the_seeds_that_follow(expanded):
    jobs = expanded("batch_size=32,64", "seed=5", seeds=2)
    assert [job.varied for job in jobs] == [
        ("batch_size=32", "seed=5"),
        ("batch_size=32", "seed=6"),
        ("batch_size=64", "seed=5"),
        ("batch_size=64", "seed=6"),
    ]
    assert [job.point for job in jobs] == [1, 1, 2, 2]
    assert [job.cfg.seed for job in jobs] == [5, 6, 5, 6]
    assert jobs[1].overrides == ("batch_size=32", "seed=6", "resume=auto")


def test_repetitions_that_overlap_are_trained_once(expanded):
    jobs = expanded("seed=0,1", seeds=2)
    assert [(job.cfg.seed, job.same_as) for job in jobs] == [
        (0, None),
        (1, None),
        (1, 2),
        (2, None),
    ]


def test_the_parts_of_a_sweep_are_all_of_it_and_none_twice(expanded):
    jobs = expanded("seed=range(0,7)")
    parts = [[job.number for job in of_shard(jobs, Shard(n, 3))] for n in (1, 2, 3)]
    assert parts == [[1, 4, 7], [2, 5], [3, 6]]
    assert of_shard(jobs, None) == jobs


def test_a_part_is_counted_among_what_is_trained_and_keeps_what_is_the_same(expanded):
    jobs = expanded("seed=0,0,1,2,1")
    assert [job.number for job in of_shard(jobs, Shard(1, 2))] == [1, 2, 4]
    assert [job.number for job in of_shard(jobs, Shard(2, 2))] == [3, 5]


def test_a_sweep_is_the_same_however_it_is_typed(expanded):
    one, other = expanded("seed=0,1", "batch_size=32"), expanded("batch_size=32", "seed=range(0,2)")
    assert sweep_digest(one, None) == sweep_digest(other, None)


def test_other_jobs_or_another_part_are_another_sweep(expanded):
    jobs, more = expanded("seed=0,1"), expanded("seed=0,1,2")
    digests = {
        sweep_digest(jobs, None),
        sweep_digest(more, None),
        sweep_digest(jobs, Shard(1, 2)),
        sweep_digest(jobs, Shard(2, 2)),
        sweep_digest(jobs, Shard(1, 3)),
    }
    assert len(digests) == 5


def test_the_first_job_that_is_wrong_is_named(expanded):
    with pytest.raises(UsageError, match="batch_size=0 is not accepted"):
        expanded("batch_size=64,0")


def test_the_runs_of_a_sweep_lie_beside_each_other(expanded, tmp_path):
    (tmp_path / "experiment").mkdir()
    for name in ("here", "there"):
        text = f"# @package _global_\nruns_dir: {name}\n"
        (tmp_path / "experiment" / f"{name}.yaml").write_text(text)
    with pytest.raises(UsageError, match="runs_dir: the runs of a sweep lie beside each other"):
        expanded("experiment=here,there", folders=(tmp_path,))


def test_what_varies_is_told_by_key(expanded):
    jobs = expanded("model=mlp", "model.units=[8],[8,16]", "+gate.min.accuracy=0.1,0.2")
    assert jobs[3].settings == {"model.units": "[8,16]", "gate.min.accuracy": "0.2"}
