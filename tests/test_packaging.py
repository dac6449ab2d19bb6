"""The wheel that `python -m build` makes holds all it needs and installs into an empty environment."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.xdist_group("packaging")  # one wheel is built for all of them


def run(*command, **options):
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, **options)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory):
    """The interpreter of an environment that holds the wheel and nothing else."""
    folder = tmp_path_factory.mktemp("empty")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel)
    return python


def files_of(folder):
    found = (
        path
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc" and ".ruff_cache" not in path.parts
    )
    return {path.relative_to(ROOT / folder).as_posix() for path in found}


def test_wheel_holds_every_file_of_the_package(wheel):
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("minillm/")}
    source = {f"minillm/{name}" for name in files_of("minillm")}
    exercises = {f"minillm/_exercises/{name}" for name in files_of("exercises")}
    assert {name for name in exercises if name.endswith("meta.toml")}
    assert packed == source | exercises


def test_metadata_says_what_pyproject_says(wheel):
    archive = zipfile.ZipFile(wheel)
    (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    metadata = Parser().parsestr(archive.read(name).decode())
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "Apache-2.0"
    needed = [Requirement(line) for line in metadata.get_all("Requires-Dist")]
    assert {"torch", "numpy", "datasets"} <= {r.name for r in needed if not r.extras and "extra" not in str(r.marker)}


def test_imports_in_an_empty_environment(python, tmp_path):
    version = run(python, "-I", "-c", "import minillm; print(minillm.__version__)", cwd=tmp_path)
    assert version.strip() == run(sys.executable, "-c", "import minillm; print(minillm.__version__)").strip()


IMPORT_ALL = """
import importlib, json, pkgutil, sys
sys.path.append(sys.argv[1])  # the dependencies, after the wheel's own place
import minillm
names = [m.name for m in pkgutil.walk_packages(minillm.__path__, "minillm.") if not m.name.endswith("__main__")]
for name in names:
    importlib.import_module(name)
print(json.dumps([minillm.__file__, names]))
"""


def test_every_module_imports_from_the_wheel(python, tmp_path):
    libraries = sysconfig.get_paths()["purelib"]
    file, names = json.loads(run(python, "-I", "-c", IMPORT_ALL, libraries, cwd=tmp_path))
    assert Path(file).is_relative_to(python.parents[1])
    assert {"minillm.viz", "minillm.ngram", "minillm.cli"} <= set(names)


EXERCISES = """
import sys
sys.path.append(sys.argv[1])
from minillm.grading.exercise import everything, folder
print(folder(), *(exercise.id for exercise in everything()), sep="\\n")
"""


def test_exercises_are_found_without_a_checkout(python, tmp_path):
    libraries = sysconfig.get_paths()["purelib"]
    place, *names = run(python, "-I", "-c", EXERCISES, libraries, cwd=tmp_path).split()
    assert Path(place).is_relative_to(python.parents[1])
    assert len(names) == len(list(ROOT.glob("exercises/ch*/*/meta.toml")))


def test_command_line_is_installed(python):
    script = python.parent / "minillm"
    assert script.exists()
    assert os.access(script, os.X_OK)
