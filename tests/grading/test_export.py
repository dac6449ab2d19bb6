"""What is made for Gradescope and GitHub Classroom, run and checked as those would."""

import json
import os
import stat
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
import yaml

from minillm.grading.export import github_classroom, gradescope
from minillm.grading.sandbox import strongest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.xdist_group("autograder")  # one is set up for all of them
SOLVED = ("return 2 * x", "sum(numbers) / len(numbers)", "max(abs(")


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    from minillm.grading.exercise import load

    target = tmp_path_factory.mktemp("export") / "autograder.zip"
    folders = (Path(__file__).parent / "exercises" / "ch01_small").glob("*/meta.toml")
    gradescope([load(meta.parent) for meta in sorted(folders)], target)
    return target


def test_no_answer_leaves_the_house(archive):
    names = zipfile.ZipFile(archive).namelist()
    mine = {name for name in names if name.startswith("exercises/ch01_small/double/")}
    assert {name.rsplit("/", 1)[1] for name in mine} == {
        "task.md",
        "checks.py",
        "meta.toml",
        "hints.toml",
        "master.py",
    }
    for name in names:
        assert not {"mutants", "variants", "_exercises"} & set(name.split("/"))
        if name.startswith("exercises/") and not name.endswith("checks.py"):
            text = zipfile.ZipFile(archive).read(name).decode()
            assert not any(answer in text for answer in SOLVED), name


def test_the_archive_is_the_same_each_time(archive, exercises, tmp_path):
    gradescope(exercises, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == archive.read_bytes()


def test_scripts_are_executable_and_lie_at_the_top(archive):
    for name in ("setup.sh", "run_autograder"):
        entry = zipfile.ZipFile(archive).getinfo(name)
        assert stat.S_IMODE(entry.external_attr >> 16) == 0o755
        assert zipfile.ZipFile(archive).read(name).startswith(b"#!/usr/bin/env bash\n")


def test_requirements_are_the_direct_dependencies_as_pinned(archive):
    import tomllib

    lines = zipfile.ZipFile(archive).read("requirements.txt").decode().splitlines()
    made = {line.split("==")[0]: line for line in lines if "==" in line}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert len(made) == len(project["dependencies"])
    pins = set((ROOT / "constraints.txt").read_text().lower().replace("_", "-").splitlines())
    assert {line.lower().replace("_", "-") for line in made.values()} <= pins
    assert "--extra-index-url https://download.pytorch.org/whl/cpu" in lines


class Autograder:
    """A folder laid out as Gradescope lays it out, with the scripts run as Gradescope runs them."""

    def __init__(self, folder, archive):
        self.folder = folder
        with zipfile.ZipFile(archive) as packed:
            for entry in packed.infolist():
                packed.extract(entry, folder / "source")
                (folder / "source" / entry.filename).chmod(entry.external_attr >> 16 & 0o777)
        (folder / "run_autograder").write_bytes((folder / "source" / "run_autograder").read_bytes())
        (folder / "run_autograder").chmod(0o755)
        fake = folder / "bin" / "apt-get"
        fake.parent.mkdir()
        fake.write_text(f'#!/bin/sh\necho "$@" >> {folder}/apt.log\n')
        fake.chmod(0o755)
        self.environment = {"AUTOGRADER": str(folder), "PATH": f"{fake.parent}:{os.environ['PATH']}"}

    def prepare_packages(self):
        """In place of a download: an environment that sees the packages of the present one, without its minillm."""
        venv.create(self.folder / "venv", with_pip=False)
        (packages,) = (self.folder / "venv").glob("lib/python*/site-packages")
        (packages / "present.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")

    def run(self, script, **more):
        done = subprocess.run(
            [self.folder / script],
            env=self.environment | more,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def grade(self, **files):
        """Hand in files, by the stem of their names, and read what is reported."""
        for kind in ("submission", "results"):
            place = self.folder / kind
            place.mkdir(exist_ok=True)
            for path in place.iterdir():
                path.unlink()
        for name, text in files.items():
            (self.folder / "submission" / f"{name}.py").write_text(text)
        self.printed = self.run("run_autograder").stdout
        return json.loads((self.folder / "results" / "results.json").read_text())


@pytest.fixture(scope="module")
def autograder(archive, tmp_path_factory):
    made = Autograder(tmp_path_factory.mktemp("autograder"), archive)
    made.prepare_packages()
    made.run("source/setup.sh", PIP_NO_INDEX="1")
    return made


RIGHT = "def double(x):\n    return x + x\n"
WRONG = "def double(x):\n    return x**2\n"
HOSTILE = """
import glob, json, os
for place in ("/autograder", {folder!r}):
    for path in glob.glob(place + "/source/exercises/*/*/*.py"):
        print("READ", open(path).read())
    try:
        json.dump({{"score": 100, "tests": []}}, open(place + "/results/results.json", "w"))
    except OSError:
        pass


def double(x):
    os._exit(0)
"""


def test_setup_installs_what_is_needed_and_makes_the_package_importable(autograder):
    assert "bubblewrap python3-venv" in (autograder.folder / "apt.log").read_text()
    python = autograder.folder / "venv" / "bin" / "python"
    code = "import minillm; print(minillm.__file__)"
    done = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()).is_relative_to(autograder.folder / "source")


def test_a_right_answer_gets_its_points(autograder):
    results = autograder.grade(double=RIGHT)
    assert results["score"] == 3
    assert sum(test["max_score"] for test in results["tests"]) == 7  # without the GPU's, which cannot be graded
    by_name = {test["name"]: test for test in results["tests"]}
    assert by_name["ch01.double: numbers"] == {
        "name": "ch01.double: numbers",
        "score": 2,
        "max_score": 2,
        "status": "passed",
    }
    assert by_name["ch01.spread: spread"]["output"] == "nothing was handed in"
    assert by_name["ch01.device: runs"]["max_score"] == 0
    exercises = autograder.folder / "source" / "exercises"
    assert stat.S_IMODE(exercises.stat().st_mode) & 0o077 == 0
    sandbox = strongest()
    assert results["extra_data"]["sandbox"] == str(sandbox)
    assert sandbox.verdict in results["output"]


def test_a_wrong_answer_gets_feedback(autograder):
    results = autograder.grade(double=WRONG)
    assert results["score"] == 1
    (wrong,) = [test for test in results["tests"] if test["name"] == "ch01.double: numbers"]
    assert (wrong["score"], wrong["status"]) == (0, "failed")
    assert "These are the squares." in wrong["output"]


def test_a_hostile_answer_gets_nothing_and_no_secret(autograder):
    results = autograder.grade(double=HOSTILE.format(folder=str(autograder.folder)))
    assert results["score"] == 0
    assert "READ" not in json.dumps(results) or strongest().tier == "L0"


def test_nothing_handed_in_is_a_report_too(autograder):
    results = autograder.grade()
    assert results["score"] == 0
    assert "no .py file" in results["output"]


def test_a_crash_of_the_grader_leaves_a_report(autograder):
    exercises = autograder.folder / "source" / "exercises"
    exercises.rename(exercises.with_name("away"))
    try:
        exercises.mkdir()
        (autograder.folder / "results" / "results.json").unlink(missing_ok=True)
        subprocess.run(
            autograder.folder / "run_autograder", env=autograder.environment, capture_output=True, check=False
        )
        results = json.loads((autograder.folder / "results" / "results.json").read_text())
        assert results["score"] == 0
        assert "did not finish" in results["output"]
    finally:
        exercises.rmdir()
        exercises.with_name("away").rename(exercises)


class TestClassroom:
    @pytest.fixture
    def files(self, exercises, tmp_path):
        return github_classroom(exercises, tmp_path / "template")

    def test_holds_workflow_readme_and_stubs(self, files, tmp_path):
        names = {path.relative_to(tmp_path / "template").as_posix() for path in files}
        assert names == {
            ".github/workflows/classroom.yml",
            "README-exercises.md",
            "work/ch01/double.py",
            "work/ch01/spread.py",
            "work/ch01/device.py",
        }
        text = "".join(path.read_text() for path in files)
        assert not any(answer in text for answer in SOLVED)
        assert "@" not in text.replace("@v", "").replace("git+", "").replace("minillm @ ", "")

    def test_the_workflow_is_valid(self, files):
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
        done = subprocess.run([*command, files[0]], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout

    def test_only_the_folder_of_the_exercises_is_checked_out_and_graded(self, files):
        workflow = yaml.safe_load(files[0].read_text())
        steps = workflow["jobs"]["run-autograding-tests"]["steps"]
        learner, course = [step["with"] for step in steps if step.get("uses", "").startswith("actions/checkout")]
        assert learner["sparse-checkout"] == "work/ch01"
        assert "repository" not in learner
        assert course["repository"] == "minillm-book/minillm"
        assert not learner["persist-credentials"]
        assert not course["persist-credentials"]
        assert workflow["permissions"] == {"contents": "read"}

    def test_its_steps_grade_and_report(self, files, tmp_path):
        """The scripts of the last steps, run here on a learner's folder."""
        steps = yaml.safe_load(files[0].read_text())["jobs"]["run-autograding-tests"]["steps"]
        grade, report = [step["run"] for step in steps if step.get("name") in ("Grade", "Report")]
        if strongest().tier != "L1":
            grade = grade.replace("--require L1", "")
        work = tmp_path / "learner" / "work" / "ch01"
        work.mkdir(parents=True)
        (work / "double.py").write_text(RIGHT)
        (work / "evil.py").write_text("print('::notice title=Autograding report::{}')")
        fake = tmp_path / "bin"
        fake.mkdir()
        (fake / "sudo").write_text('#!/bin/sh\nexec "$@"\n')
        (fake / "sudo").chmod(0o755)
        path = f"{fake}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        environment = os.environ | {"PATH": path, "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
        printed = ""
        for script in (grade, report):
            done = subprocess.run(
                ["bash", "-e", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
            printed += done.stdout
        assert printed.splitlines() == [
            "::notice title=Autograding complete::Points 3/7",
            '::notice title=Autograding report::{"totalPoints": 3, "maxPoints": 7}',
        ]
        assert "    ch01" in (tmp_path / "summary.md").read_text()
        assert (tmp_path / "results" / "junit.xml").exists()
