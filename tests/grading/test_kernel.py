"""What the kernel refuses a worker; each test asks one."""

import os
import sys

import pytest

from minillm.grading.kernel import hardens
from minillm.grading.limits import Limits
from minillm.grading.pod import Pod
from minillm.grading.sandbox import PROCESS
from minillm.grading.session import Session, Submission

pytestmark = pytest.mark.skipif(not hardens(), reason="this kernel filters no system calls")

TRY = """
import ctypes, os, resource, signal, subprocess, sys, threading, time

libc = ctypes.CDLL(None)


def attempt(source):
    try:
        return eval(source)
    except Exception as error:
        return type(error).__name__


def daemon():
    ours, theirs = os.pipe()
    if os.fork() == 0:
        os.setsid()
        pid = os.fork()
        if pid:
            os.write(theirs, str(pid).encode())
            os._exit(0)
        signal.alarm(30)
        while True:
            time.sleep(1)
    return int(os.read(ours, 20))


def in_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(1))
    thread.start()
    thread.join()
    return found
"""


@pytest.fixture(scope="module")
def pod():
    with Pod(PROCESS) as warm:
        yield warm


@pytest.fixture
def worker(pod):
    sessions = []

    def make(**limits):
        sessions.append(Session(pod, TRY, filename="s.py", forbid={}, limits=Limits(**limits), seed=0))
        return Submission(sessions[-1])

    yield make
    for session in sessions:
        session.connection.close()


@pytest.mark.parametrize(
    "call",
    [
        "os.fork()",
        "os.forkpty()",
        "os.execv('/bin/true', ['true'])",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "subprocess.run(['/bin/true'])",
        "os.kill(os.getppid(), 0)",
        "os.kill(-1, 0)",
        "os.killpg(os.getppid(), 0)",
        "os.pidfd_open(os.getppid())",
        "resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE)",
    ],
)
def test_programs_processes_and_others_are_out_of_reach(worker, call):
    assert worker().attempt(call) == "PermissionError"


@pytest.mark.parametrize(
    "call",
    ["libc.fork()", "libc.vfork()", "libc.ptrace(0, 0, 0, 0)", "libc.unshare(0x10000000)", "libc.prctl(4, 1, 0, 0, 0)"],
)
def test_system_calls_from_below_python_fail(worker, call):
    assert worker().attempt(call) == -1


def test_threads_and_signals_to_oneself_are_allowed(worker):
    one = worker()
    assert one.in_thread() == [1]
    assert one.attempt("os.kill(os.getpid(), 0)") is None
    assert one.attempt("signal.raise_signal(signal.SIGURG)") is None
    assert one.attempt("resource.prlimit(0, resource.RLIMIT_NOFILE)") == (128, 128)


@pytest.mark.parametrize("kind", ["AS", "NOFILE", "FSIZE", "CPU"])
def test_limits_can_be_lowered_and_not_raised(worker, kind):
    one = worker()
    limit = f"resource.RLIMIT_{kind}"
    assert one.attempt(f"resource.setrlimit({limit}, (resource.RLIM_INFINITY,) * 2)") in (
        "ValueError",
        "PermissionError",
    )
    assert one.attempt(f"resource.setrlimit({limit}, (10**6, resource.getrlimit({limit})[1] - 1))") in (
        None,
        "ValueError",
    )


def test_no_capability_is_left(worker):
    status = dict(line.split(":\t") for line in worker().attempt("open('/proc/self/status').read()").splitlines())
    assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {"0" * 16}
    assert status["NoNewPrivs"] == "1"


def test_nothing_of_the_judges_surroundings_is_inside(worker, monkeypatch):
    one = worker()
    assert set(one.attempt("dict(os.environ)")) == {"HOME", "TMPDIR", "PATH", "OMP_NUM_THREADS"}
    assert one.attempt("os.listdir()") == []
    assert one.attempt("os.getcwd() == os.environ['HOME']") is True
    assert one.attempt("[name for name in sys.modules if name.startswith('minillm')]") == []
    assert one.attempt("sys.flags.isolated") == 1


def test_an_exercise_may_allow_processes_and_none_of_them_stays(worker):
    one = worker(processes=8)
    assert one.attempt("subprocess.run(['/bin/true'])") == "PermissionError"
    pid = one.daemon()
    os.kill(pid, 0)
    one._session.connection.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="the warm parent counts as Linux lists them")
def test_a_crowd_of_processes_is_ended(worker):
    crowd = (
        "[os.fork() or (signal.alarm(30), os.setsid(), time.sleep(20), os._exit(0)) if os.getpid() == me else None"
        " for me in [os.getpid()] for _ in range(20)]"
    )
    one = worker(processes=40)
    pids = one.attempt(crowd)
    assert len(pids) == 20
    one._session.connection.close()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
