import subprocess
import sys
from io import StringIO
from types import SimpleNamespace

import pytest
import torch
from rich.console import Console
from typer.testing import CliRunner

from minillm.cli import build_app, doctor, machine
from minillm.cli.doctor import Check

EVERYTHING = [
    "minillm",
    "Python",
    "PyTorch",
    "GPU",
    "Triton",
    "Backends",
    "Ranks",
    "JupyterLab",
    "CPU cores",
    "Memory",
    "Disk",
]


def written(*checks):
    console = Console(file=StringIO(), highlight=False, width=60)
    usable = doctor.report(console, checks)
    return usable, console.file.getvalue()


def test_whole_report_in_a_process_of_its_own():
    code = "from minillm.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code, "doctor"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\x1b" not in done.stdout
    assert done.stdout.isascii()
    lines = done.stdout.splitlines()
    assert [name for name in EVERYTHING if any(line[9:].startswith(f"{name:<13}") for line in lines)] == EVERYTHING
    assert all(line[:9].strip() in ("ok", "missing", "note", "") for line in lines[:-1])
    assert f"{torch.__version__}, " in done.stdout
    assert "gloo yes" in done.stdout
    assert "interpreter runs; compiles for sm_90" in done.stdout
    assert lines[-1].startswith(("The CPU path is usable", "Everything is there"))


def test_report_keeps_a_check_on_one_line():
    usable, text = written(
        Check("Disk", "ok", "x" * 100, needed=True), Check("GPU", "missing", "none", "Buy [one]." * 9)
    )
    assert usable
    assert text.splitlines() == [
        f"ok       Disk         {'x' * 100}",
        "missing  GPU          none",
        f"{'':22}{'Buy [one].' * 9}",
        "",
        "The CPU path is usable. Missing, and needed only in parts: GPU.",
    ]


def test_verdicts():
    fine, broken = Check("Python", "ok", "3.12", needed=True), Check("PyTorch", "missing", "no", needed=True)
    assert written(fine) == (True, "ok       Python       3.12\n\nEverything is there.\n")
    usable, text = written(fine, broken, Check("GPU", "missing", "none"))
    assert not usable
    assert text.endswith("Not usable yet: PyTorch must be put right first.\n")
    assert written(fine, Check("Memory", "note", "1 GiB"))[0]


@pytest.fixture
def without_torch(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "torch"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "torch.distributed", None)


def test_exit_code_without_torch(without_torch, monkeypatch):
    monkeypatch.setattr(doctor, "_triton", lambda: Check("Triton", "ok", "not tried here"))
    result = CliRunner().invoke(build_app(), ["doctor"])
    assert result.exit_code == 1
    assert "missing  PyTorch      ModuleNotFoundError" in result.output
    assert 'pip install "torch>=2.11,<3"' in result.output
    assert "Not usable yet: PyTorch" in result.output


def test_old_versions(monkeypatch):
    monkeypatch.setattr(torch, "__version__", "2.9.1+cpu")
    check = doctor._torch()
    assert (check.status, check.needed) == ("missing", True)
    assert "2.11 or newer" in check.found
    monkeypatch.setattr(doctor, "_PYTHON", (9, 0))
    assert doctor._python().status == "missing"


def test_gpus(monkeypatch):
    cards = [SimpleNamespace(name="NVIDIA H100", major=9, minor=0), SimpleNamespace(name="Tesla T4", major=7, minor=5)]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: cards[index])
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda index: (30 * 2**30, 80 * 2**30))
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    first, second = doctor._accelerators()
    assert (first.status, first.found) == ("ok", "cuda:0 NVIDIA H100, 30 of 80 GiB free, sm_90")
    assert (second.status, second.found) == ("note", "cuda:1 Tesla T4, 30 of 80 GiB free, sm_75")
    assert "bfloat16" in second.advice


def test_a_driver_that_fails(monkeypatch):
    def fail(index):
        raise RuntimeError("CUDA error: out of memory\nlong story")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_properties", fail)
    (check,) = doctor._accelerators()
    assert (check.status, check.found) == ("missing", "RuntimeError: CUDA error: out of memory")


@pytest.mark.parametrize(
    ("smi", "cuda", "found"),
    [
        (None, None, "none found"),
        ("/usr/bin/nvidia-smi", None, "CPU only"),
        ("/usr/bin/nvidia-smi", "13.0", "CUDA 13.0"),
    ],
)
def test_no_gpu(monkeypatch, smi, cuda, found):
    monkeypatch.setattr(doctor.shutil, "which", lambda name: smi)
    check = doctor._no_gpu(cuda)
    assert check.status == "missing"
    assert found in check.found
    assert check.advice
    assert not check.needed


def test_mps_warns_of_other_losses(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    (check,) = doctor._accelerators()
    assert (check.status, check.found) == ("note", "Apple MPS")
    assert "Losses differ" in check.advice


def test_triton_missing_or_broken(monkeypatch):
    monkeypatch.setattr(doctor, "_installed", lambda package: None)
    assert doctor._triton().status == "missing"
    assert doctor._jupyter().advice.startswith("pip install")
    monkeypatch.setattr(doctor, "_installed", lambda package: "3.7.1")

    def start(way):
        code = "print('interpreter runs')" if way == "interpret" else "raise RuntimeError('no ptxas')"
        return subprocess.Popen([sys.executable, "-c", code], stdout=-1, stderr=-1, text=True)

    monkeypatch.setattr(doctor, "_start_probe", start)
    check = doctor._triton()
    assert (check.status, check.found) == ("missing", "3.7.1; interpreter runs; RuntimeError: no ptxas")


def test_a_probe_that_hangs_is_ended(monkeypatch):
    monkeypatch.setattr(doctor, "_PATIENCE", 0.05)
    code = "import threading; threading.Event().wait()"
    probe = subprocess.Popen([sys.executable, "-c", code], stdout=-1, stderr=-1, text=True)
    assert doctor._finish_probe(probe) == (False, "no answer in 0.05 s")
    assert probe.poll() is not None


def test_gloo_that_does_not_start(monkeypatch):
    def fail(*args, **options):
        raise RuntimeError("Unable to resolve hostname")

    monkeypatch.setattr(torch.distributed, "init_process_group", fail)
    check = doctor._ranks()
    assert check.status == "missing"
    assert "GLOO_SOCKET_IFNAME" in check.advice


def test_limits_of_a_container(tmp_path):
    assert machine.cores(tmp_path) >= 1
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    assert machine.cores(tmp_path) == 0.5
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert machine.cores(tmp_path) >= 1
    (tmp_path / "memory.max").write_text(f"{2**29}\n")
    assert machine.memory(tmp_path) == 0.5
    (tmp_path / "memory.max").write_text("max\n")
    assert machine.memory(tmp_path) > 0.5


def test_little_memory_and_disk(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "memory", lambda: 1.5)
    monkeypatch.setattr(machine, "free_disk", lambda folder: 1.0)
    for check in (doctor._memory(), doctor._disk(tmp_path)):
        assert check.status == "note"
        assert check.advice
    monkeypatch.setattr(machine, "memory", lambda: None)
    assert doctor._memory().status == "note"
    monkeypatch.setattr(machine, "memory", lambda: 16.0)
    assert doctor._memory() == Check("Memory", "ok", "16.0 GiB")
