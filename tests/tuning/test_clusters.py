"""Workers on a real SLURM of one node, and on a real Ray cluster: this machine."""

import signal

import pytest
import ray_cluster
import slurm
from idle_workers import inexact
from local_processes import wait_until
from small_studies import LINE, LONG, NAME, epochs_of, is_at_rest, trials_of

from fmtool.tuning import attempts

SHORT = ("epochs=2", "budget.trials=4", "tune.cluster.workers=2", "tune.cluster.cpus=1")


@pytest.fixture(scope="module")
def nodes():
    pytest.importorskip("submitit", reason="pip install '.[slurm]'")
    with slurm.cluster() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def ray():
    with ray_cluster.cluster() as cluster:
        yield cluster


@pytest.fixture
def journal(fmtool):
    return f"journal://{fmtool.folder}/journal"


def status_of(url):
    (chain,) = attempts.by_trial(trials_of(url))
    return chain.status


@pytest.mark.slow
def test_an_array_of_slurm_jobs_works_at_a_study(fmtool, nodes, journal):
    line = (*LINE, f"storage={journal}", "tune/cluster=slurm", *SHORT, "--json")
    submitted = fmtool(*line, SLURM_CONF=str(nodes.configuration))
    assert submitted.code == 0, submitted.err
    document = submitted.json
    assert (document["status"], len(document["jobs"])) == ("submitted", 2)
    assert [nodes.wait(job, 120) for job in document["jobs"]] == ["COMPLETED"] * 2
    assert inexact(trials_of(journal), 4) == []
    assert fmtool("tune", "status", f"study={NAME}", "--json").json["status"] == "completed"


@pytest.mark.slow
def test_a_slurm_job_goes_on_after_the_loss_of_its_node_and_gives_back_when_cancelled(
    fmtool, nodes, journal
):
    words = (f"storage={journal}", "tune/cluster=slurm", "tune.cluster.workers=1", "--json")
    (job,) = fmtool(*LONG, *words, SLURM_CONF=str(nodes.configuration)).json["jobs"]
    wait_until(lambda: len(epochs_of(fmtool)) > 3, 90, "it trains")
    nodes.lose_node()
    before = epochs_of(fmtool)
    nodes.start_node()
    wait_until(lambda: len(epochs_of(fmtool)) > len(before), 90, "it goes on")
    nodes.run("scancel", job)
    wait_until(lambda: status_of(journal) == attempts.WAITING, 30, "the trial is given back")
    assert nodes.wait(job) == "CANCELLED"
    assert is_at_rest(fmtool)


@pytest.mark.slow
def test_tasks_of_a_ray_cluster_work_at_a_study(fmtool, ray, journal):
    words = (f"storage={journal}", "tune/cluster=ray", f"tune.cluster.address={ray.address}")
    done = fmtool(*LINE, *words, *SHORT, "--json", **ray_cluster.LOCAL)
    assert done.code == 0, done.err
    assert (done.json["status"], done.json["trials"]) == ("completed", {"completed": 4})
    assert inexact(trials_of(journal), 4) == []
    assert " of 4 trials have ended" in done.err


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_line_that_is_ended_has_its_ray_tasks_give_their_trials_back(
    number, fmtool, ray, journal, started
):
    words = (f"storage={journal}", "tune/cluster=ray", f"tune.cluster.address={ray.address}")
    process = fmtool.start(*LONG, *words, "tune.cluster.workers=1", **ray_cluster.LOCAL)
    started.append(process)
    wait_until(lambda: len(epochs_of(fmtool)) > 3, 120, "it trains")
    process.send_signal(number)
    assert process.wait(90) == -number
    wait_until(lambda: status_of(journal) == attempts.WAITING, 30, "the trial is given back")
    assert is_at_rest(fmtool)


@pytest.mark.parametrize("name", ["slurm", "ray"])
def test_a_cluster_needs_a_storage_that_its_machines_reach(name, call):
    pytest.importorskip({"slurm": "submitit", "ray": "ray"}[name])
    done = call(*LINE, f"tune/cluster={name}", "epochs=2")
    assert done.code == 2
    assert done.error == (
        f"error: tune/cluster={name}: workers on several machines cannot meet in a SQLite file; "
        "fix: write storage=journal:///SHARED/FOLDER/FILE or storage=postgresql://HOST/DATABASE"
    )


@pytest.mark.parametrize(("name", "package"), [("slurm", "submitit>=1.5.3"), ("ray", "ray>=2.50")])
def test_a_package_that_is_missing_is_named_with_the_line_that_installs_it(
    name, package, call, monkeypatch
):
    from fmtool.tuning import cluster

    requirement, package = package, package.partition(">")[0]
    monkeypatch.setattr(cluster, "find_spec", lambda asked: None if asked == package else object())
    done = call(*LINE, f"tune/cluster={name}", "storage=journal:///tmp/s", "epochs=2")
    assert done.code == 2
    assert done.error == f"error: {package} is not installed; fix: pip install '{requirement}'"


def test_where_there_is_no_slurm_it_says_so(call, journal, monkeypatch):
    pytest.importorskip("submitit")
    monkeypatch.setenv("PATH", "/nowhere")
    done = call(*LINE, f"storage={journal}", "tune/cluster=slurm", "epochs=2")
    assert done.code == 2
    assert "there is no SLURM here: srun is not on PATH" in done.err.splitlines()[-1]
