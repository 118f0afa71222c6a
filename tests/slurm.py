"""A real SLURM cluster of one node, this machine, for tests: as root or as anyone else.

Its daemons are children of ours, with a key, ports and folders of their own, so that it neither
needs nor disturbs an installed one.
"""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from local_processes import (
    LOOPBACK,
    end,
    end_all,
    free_ports,
    open_folder,
    run,
    wait_until,
    with_variable,
    without,
)

INSTALL = "apt-get install -y --no-install-recommends slurmctld slurmd slurm-client munge"
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "scontrol")

NODE = "localhost"
UP = {"idle", "mixed", "allocated"}
CONFIGURATION = """\
ClusterName={name}
SlurmctldHost={host}({loopback})
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=10
CredType=cred/munge
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny

StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid

ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MailProg=/bin/true

SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=5
InactiveLimit=0

NodeName={NODE} NodeHostname={host} NodeAddr={loopback} CPUs={cpus} RealMemory={memory}
PartitionName=tests Nodes={NODE} Default=YES MaxTime=INFINITE State=UP
"""
"""No cgroups: a container has none to give.

`config_overrides` lets the node have more processors than the machine. The scheduler's intervals
are seconds where a site has a minute, for that is how long a job would wait for its turn.
`NoInAddrAny` keeps what listens on the loopback address.
"""


class Cluster:
    """SLURM in a folder whose path is short, which any account may enter."""

    def __init__(self, folder: Path, cpus: int = 2) -> None:
        self.folder, self.cpus = folder, cpus
        self.configuration = folder / "slurm.conf"
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}
        self._write()

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to reach this cluster, and no trace of one around the tests."""
        return without(("SLURM_", "SBATCH_", "SRUN_"), SLURM_CONF=str(self.configuration))

    def start(self) -> None:
        """Returns when the node waits for jobs."""
        self._start("munged", ["--foreground", "--num-threads=2", *self._munge_files()])
        wait_until((self.folder / "munge.socket").exists, 10, "munged listens")
        self._start("slurmctld", ["-D"])
        self.start_node()

    def start_node(self) -> None:
        """Also after `lose_node`: the node comes back by itself, and takes jobs that wait."""
        self._start("slurmd", ["-D", "-N", NODE])
        wait_until(self._up, 30, "the node is up")

    def stop_node(self) -> None:
        """The node's daemon alone, as when it is updated: jobs go on, and are found again."""
        end(self._daemons.pop("slurmd"))

    def lose_node(self) -> None:
        """The power fails: daemon and jobs are gone at once, and the controller is told.

        Batch jobs wait again, with the id that they had, and start anew when the node is back;
        those submitted with `--no-requeue` have ended as NODE_FAIL.
        """
        end(self._daemons.pop("slurmd"), signal.SIGKILL)
        self._kill_jobs()
        self.run("scontrol", "update", f"NodeName={NODE}", "State=DOWN", "Reason=lost")

    def stop(self) -> None:
        """Ends the jobs first: they are not our children, and live on without their daemon."""
        if "slurmd" in self._daemons:
            with suppress(RuntimeError, subprocess.TimeoutExpired, TimeoutError):
                self.run("scancel", f"--user={_account()}")
                wait_until(lambda: not self.jobs(), 3, "no job is left")
        for name in ("slurmd", "slurmctld", "munged"):
            if name in self._daemons:
                end(self._daemons.pop(name))
        self._kill_jobs()

    def run(self, *argv: str) -> str:
        """What one of SLURM's commands prints."""
        return run(list(argv), self.environment)

    def jobs(self) -> dict[str, str]:
        """State by id, of jobs that wait, run or are just ending; `7_0` is a task of an array."""
        lines = self.run("squeue", "--noheader", "--array", "--format=%i %T").splitlines()
        return dict(line.split() for line in lines)

    def state(self, job: str) -> str:
        """Of a job that may have ended; SLURM forgets it five minutes after its end."""
        shown = self.run("scontrol", "--oneliner", "show", "job", job)
        fields = dict(field.partition("=")[::2] for field in shown.split())
        return fields["JobState"]

    def wait(self, job: str, seconds: float = 60) -> str:
        """The state in which it ends."""
        running = {"PENDING", "RUNNING", "CONFIGURING", "COMPLETING", "SUSPENDED"}
        wait_until(lambda: self.state(job) not in running, seconds, f"job {job} ends")
        return self.state(job)

    def logs(self) -> str:
        """Of all daemons, for the message of a test that fails."""
        return "".join(f"== {p.name}\n{p.read_text()}" for p in sorted(self.folder.glob("*.log")))

    def _write(self) -> None:
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        key = self.folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(secrets.token_bytes(128))
        controller, node = free_ports(2)
        self.configuration.write_text(
            CONFIGURATION.format(
                name=self.folder.name.lower(),
                NODE=NODE,
                host=socket.gethostname().partition(".")[0],
                loopback=LOOPBACK,
                controller=controller,
                node=node,
                user=_account(),
                folder=self.folder,
                cpus=self.cpus,
                memory=_megabytes(),
            )
        )

    def _kill_jobs(self) -> None:
        """All that runs for a job, and what watches over each; not who submitted them."""
        conf = str(self.configuration)
        end_all(lambda: {pid for pid in with_variable("SLURM_CONF", conf) if _is_of_a_job(pid)})

    def _munge_files(self) -> list[str]:
        names = {"key-file": "munge.key", "socket": "munge.socket", "pid-file": "munged.pid"}
        names |= {"seed-file": "munge.seed", "log-file": "munged.log"}
        return [f"--{option}={self.folder / name}" for option, name in names.items()]

    def _start(self, name: str, options: list[str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._daemons[name] = subprocess.Popen(
                [_program(name), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment,
                cwd=self.folder,
                start_new_session=True,
            )

    def _up(self) -> bool:
        for name, process in self._daemons.items():
            if process.poll() is not None:
                raise RuntimeError(f"{name} ended with {process.returncode}\n{self.logs()}")
        try:
            return self.run("sinfo", "--noheader", "--format=%T").strip() in UP
        except RuntimeError:
            return False


@contextmanager
def cluster(cpus: int = 2) -> Iterator[Cluster]:
    """A cluster that runs; the test is skipped where SLURM is not installed."""
    if not installed():
        pytest.skip(f"no SLURM here; {INSTALL}")
    with open_folder("slurm") as folder:
        made = Cluster(folder, cpus)
        try:
            made.start()
            yield made
        finally:
            made.stop()


def installed() -> bool:
    return all(_found(name) for name in PROGRAMS)


def _found(name: str) -> str | None:
    """The daemons are in /usr/sbin, which is not on everyone's PATH."""
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")


def _program(name: str) -> str:
    path = _found(name)
    assert path is not None, name
    return path


def _account() -> str:
    """By the number: USER and LOGNAME are missing or another's in a container."""
    return pwd.getpwuid(os.getuid()).pw_name


def _is_of_a_job(pid: int) -> bool:
    """slurmstepd has the daemon's variables and a job's processes have those of a job."""
    folder = Path(f"/proc/{pid}")
    try:
        name, variables = (folder / "comm").read_text(), (folder / "environ").read_bytes()
    except OSError:
        return False
    return name.strip() == "slurmstepd" or b"\0SLURM_JOB_ID=" in b"\0" + variables


def _megabytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
