import os
import sys
from pathlib import Path

import pytest
from mechanisms import PROGRAMS, available

from minillm.errors import Unavailable
from minillm.grading import probe
from minillm.grading import sandbox as sandboxes
from minillm.grading.limits import Limits
from minillm.grading.pod import Pod, WorkerDied
from minillm.grading.probe import confines
from minillm.grading.sandbox import PROCESS, Sandbox, choose, strongest, visible
from minillm.grading.scratch import remove
from minillm.grading.session import Session, Submission


@pytest.fixture
def asked_anew():
    strongest.cache_clear()
    yield
    strongest.cache_clear()


@pytest.fixture(params=PROGRAMS)
def confined(request):
    if not available(request.param):
        pytest.skip(f"this machine lets nobody use {request.param}")
    return Sandbox("L1", request.param)


@pytest.fixture
def ask():
    """``ask(sandbox, source)`` calls the source's ``f`` in a worker of a sandbox of its own."""

    def go(sandbox, source, *args):
        with Pod(sandbox) as pod:
            session = Session(pod, source, filename="s.py", forbid={}, limits=Limits(), seed=0)
            return Submission(session).f(*args)

    return go


def test_a_plain_process_does_not_confine_and_trying_leaves_nothing():
    assert confines(PROCESS) is False
    for folder in ("/", "/usr", "/etc", "/var/tmp", "/dev/shm", sandboxes.PACKAGE):
        assert not list(Path(folder).glob("minillm-probe-*"))


def test_trying_to_write_leaves_nothing_even_where_it_works(tmp_path):
    scope: dict = {}
    exec(probe._ATTEMPTS, scope)
    assert scope["writes"]([str(tmp_path), str(tmp_path / "never there")]) == [str(tmp_path)]
    assert list(tmp_path.iterdir()) == []


def test_only_what_confines_may_say_graded(confined):
    assert confines(confined) is True
    assert confined.verdict == "graded"
    assert PROCESS.verdict == "practice"
    assert str(confined) == f"L1 ({confined.mechanism})"


def test_the_strongest_is_taken_and_the_weaker_on_request(confined, asked_anew):
    assert strongest().tier == "L1"
    assert choose("L1") == choose() == strongest()
    assert choose("L0") == PROCESS


def test_without_a_mechanism_L1_is_refused_with_the_reason(asked_anew, monkeypatch):
    monkeypatch.setattr(sandboxes.shutil, "which", lambda program: None)
    assert choose().tier == "L0"
    assert choose("L0") == PROCESS
    with pytest.raises(Unavailable, match="neither bubblewrap nor unshare"):
        choose("L1")


def test_a_mechanism_that_does_not_confine_is_not_believed(asked_anew, monkeypatch, tmp_path):
    for name in PROGRAMS.values():
        program = tmp_path / name
        program.write_text('#!/bin/sh\nwhile [ "$1" != "--" ] && [ "$1" != "sh" ]; do shift; done\nshift\nexec "$@"\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert not confines(Sandbox("L1", "bubblewrap"))
    with pytest.raises(Unavailable):
        choose("L1")


def test_a_mechanism_that_fails_says_why(monkeypatch, tmp_path):
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho no namespaces for you >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(Unavailable, match="no namespaces for you"):
        Pod(Sandbox("L1", "bubblewrap"))
    assert not confines(Sandbox("L1", "bubblewrap"))


def test_inside_there_is_the_interpreter_and_little_else(confined, ask):
    source = "import os\ndef f(paths): return [path for path in paths if os.path.exists(path)]"
    repository = sandboxes.PACKAGE.parent
    outside = [repository / "exercises", repository / "tests", repository / ".git", Path.cwd(), Path.home() / ".ssh"]
    outside += [
        Path(place) for place in ("/etc/passwd", "/etc/shadow", "/root/.bashrc", "/home", "/var", "/sys/kernel")
    ]
    assert ask(confined, source, [str(path) for path in outside]) == []
    assert ask(confined, source, [str(sandboxes.PACKAGE), sys.executable]) == [str(sandboxes.PACKAGE), sys.executable]


def test_inside_nothing_can_be_written_but_the_scratch_folder(confined, ask):
    source = (
        "import os\n"
        "def f(folders):\n"
        "    open('mine', 'w').close()\n"
        "    found = []\n"
        "    for folder in folders:\n"
        "        try:\n"
        "            os.mkdir(folder + '/minillm-loot')\n"
        "            found.append(folder)\n"
        "        except OSError: pass\n"
        "    return found, os.listdir()\n"
    )
    folders = ["/", "/usr", "/etc", "/dev", "/dev/shm", "/proc", "/var/tmp", str(sandboxes.PACKAGE), sys.prefix]
    assert ask(confined, source, folders) == ([], ["mine"])


def test_inside_everything_is_mounted_read_only(confined, ask):
    """Not only closed to this user: nobody may write there."""
    source = "def f(): return [line.split()[4:6] for line in open('/proc/self/mountinfo')]"
    mounts = ask(confined, source)
    writable = {place for place, options in mounts if "rw" in options.split(",") and not place.startswith("/dev/")}
    assert writable == {"/tmp", "/proc"}


def test_inside_there_are_no_other_processes_and_no_network(confined, ask):
    source = (
        "import os, socket\n"
        "def f():\n"
        "    processes = [name for name in os.listdir('/proc') if name.isdigit()]\n"
        "    return len(processes), os.getuid() != 0, [name for _, name in socket.if_nameindex()]\n"
    )
    processes, another_user, interfaces = ask(confined, source)
    assert processes <= 3
    assert another_user
    assert interfaces == ["lo"]


def test_answers_beside_an_installed_package_are_covered(confined, ask, monkeypatch, tmp_path):
    """As in a wheel, which has the exercises inside the package."""
    package = tmp_path / "site-packages" / "minillm"
    (package / "_exercises").mkdir(parents=True)
    (package / "_exercises" / "checks.py").write_text("the answers")
    (package / "other.py").write_text("")
    tmp_path.chmod(0o755)
    original = visible()
    monkeypatch.setattr(sandboxes, "visible", lambda: [*original, package])
    monkeypatch.setattr(sandboxes, "hidden", lambda: [package / "_exercises"])
    source = "import os\ndef f(folder): return sorted(os.listdir(folder)), os.listdir(folder + '/_exercises')"
    assert ask(confined, source, str(package)) == (["_exercises", "other.py"], [])


def test_a_sandbox_that_is_gone_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with Pod(PROCESS) as pod:
        assert pod.alive
        pod._process.kill()
        pod._process.wait()
        assert not pod.alive
        with pytest.raises(WorkerDied, match="gone"):
            pod.spawn(Limits())
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_when_workers_are_closed_and_when_they_are_not(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    source = "import os\ndef f():\n    open('file', 'w').close()\n    return os.getpid()"
    pod = Pod(PROCESS)
    options = {"filename": "s.py", "forbid": {}, "limits": Limits(), "seed": 0}
    closed, left = (Session(pod, source, **options) for _ in range(2))
    pids = [Submission(session).f() for session in (closed, left)]
    (scratch,) = tmp_path.iterdir()
    assert len(list(scratch.iterdir())) == 2
    closed.connection.close()
    assert len(list(scratch.iterdir())) == 1
    pod.close()
    assert list(tmp_path.iterdir()) == []
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_any_folder_is_removed(tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("kept")
    folder = tmp_path / "folder"
    (folder / "closed" / "inner").mkdir(parents=True)
    (folder / "closed" / "inner" / "file").write_text("x")
    (folder / "link").symlink_to(precious)
    (folder / "circle").symlink_to("circle")
    os.mkfifo(folder / "pipe")
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(folder)
        for _ in range(1200):
            os.mkdir("deep")
            os.chdir("deep")
    finally:
        os.chdir(here)
        os.close(here)
    (folder / "closed" / "inner").chmod(0)
    (folder / "closed").chmod(0o500)
    remove(str(folder))
    assert not folder.exists()
    assert (precious / "file").read_text() == "kept"


def test_a_link_in_the_place_of_the_folder_is_not_followed(tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir(mode=0o500)
    (tmp_path / "folder").symlink_to(precious)
    remove(str(tmp_path / "folder"))
    remove(str(tmp_path / "never there"))
    assert precious.stat().st_mode & 0o777 == 0o500
    assert not (tmp_path / "folder").is_symlink()
