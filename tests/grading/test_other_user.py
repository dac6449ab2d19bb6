"""Where no sandbox can be made, a grader that runs as root makes submissions another user's processes."""

import os

import pytest

from minillm.grading import probe, sandbox
from minillm.grading.limits import Limits
from minillm.grading.pod import Pod
from minillm.grading.sandbox import OTHER_USER, PROCESS, choose, strongest

SOURCE = """
import os


def who():
    return [os.getuid(), os.getgid(), *os.getgroups()]


def change(path):
    for act in (lambda: open(path, "a"), lambda: os.unlink(path), lambda: os.chmod(path, 0o777)):
        try:
            act()
            return True
        except PermissionError:
            pass
    return False
"""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can hand out user ids")


@pytest.fixture
def no_sandbox(monkeypatch):
    strongest.cache_clear()
    monkeypatch.setattr(sandbox.shutil, "which", lambda program: None)
    yield
    strongest.cache_clear()


@pytest.mark.parametrize(("separated", "expected"), [(True, OTHER_USER), (False, PROCESS)])
@as_root
def test_it_is_taken_where_it_holds(no_sandbox, monkeypatch, separated, expected):
    monkeypatch.setattr(probe, "separates", lambda sandbox: separated)
    assert choose() == expected
    assert choose().verdict == "practice"
    assert choose("L0") == PROCESS


@as_root
def test_a_plain_process_of_roots_does_not_separate():
    assert not probe.separates(PROCESS)


@as_root
def test_a_worker_is_another_user_and_can_change_nothing(tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("x")
    tmp_path.chmod(0o755)
    users = []
    with Pod(OTHER_USER) as pod:
        for _ in range(2):
            worker = pod.spawn(Limits())
            worker.request("load", source=SOURCE, filename="x.py", forbid={}, seed=0)
            call = {"handle": None, "args": [], "kwargs": {}, "keep": False, "probe": False, "upstream": None}
            users.append(worker.request("call", **call, name="who", seed=None)["value"])
            call["args"] = [str(precious)]
            assert worker.request("call", **call, name="change", seed=None)["value"] is False
            worker.close()
    assert all(user[0] == user[1] > 1_000_000 and len(user) == 2 for user in users)
    assert users[0] != users[1]
    assert precious.read_text() == "x"
    assert not os.path.exists(pod._scratch)
