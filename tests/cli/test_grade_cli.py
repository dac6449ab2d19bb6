"""An instructor's way: a folder of submissions in, grades and reports out."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from xml.etree import ElementTree

import pytest

from minillm.errors import Unavailable
from minillm.grading.sandbox import PROCESS, strongest

RIGHT = "def double(x):\n    return x + x\n"
WRONG = "def double(x):\n    return x**2\n"
EVIL = "import os\nos.kill(os.getppid(), 9)\n\ndef double(x):\n    os._exit(0)\n"
SLOW = "def double(x):\n    while True: pass\n"
EARNED = {"alice.py": 3, "bob": 1, "carol.zip": 3, "damaged.zip": 0, "eve.py": 0, "frank.ipynb": 3, "nobody": 0}


@pytest.fixture
def class_(tmp_path):
    """Seven submissions; one is hostile, one damaged, one empty."""
    place = tmp_path / "class"
    (place / "bob" / "hw").mkdir(parents=True)
    (place / "nobody").mkdir()
    (place / "alice.py").write_text(RIGHT)
    (place / "bob" / "hw" / "double.py").write_text(WRONG)
    (place / "eve.py").write_text(EVIL)
    (place / "damaged.zip").write_bytes(b"PK\x03\x04")
    cell = {"cell_type": "code", "source": f"!rm -rf x\n{RIGHT}"}
    (place / "frank.ipynb").write_text(json.dumps({"cells": [cell]}))
    with zipfile.ZipFile(place / "carol.zip", "w") as archive:
        archive.writestr("homework/double.py", RIGHT)
        archive.writestr("../../outside.py", RIGHT)
    return place


@pytest.fixture
def grade(minillm):
    return lambda *arguments: minillm("grade", *arguments)


def test_everyone_gets_their_points_and_every_report_is_written(grade, class_, tmp_path):
    out = tmp_path / "out"
    done = grade(class_, "-j", 2, "--json", out / "json", "--csv", out / "a.csv", "--junit", out / "a.xml")
    assert done.exit_code == 0, done.output
    with (out / "a.csv").open(newline="") as file:
        rows = {row["submission"]: row for row in csv.DictReader(file)}
    assert {name: int(row["earned"]) for name, row in rows.items()} == EARNED
    assert {row["possible"] for row in rows.values()} == {"7"}
    assert {row["verdict"] for row in rows.values()} == {strongest().verdict}
    records = [json.loads(path.read_text()) for path in (out / "json").glob("*.json")]
    assert {record["submission"]: record["earned"] for record in records} == EARNED
    suites = ElementTree.parse(out / "a.xml").getroot()
    assert {suite.get("name") for suite in suites} == EARNED.keys()
    assert f"7 submissions ({strongest().verdict}, {strongest()}), 1.4 of 7 points in the mean" in done.stdout
    assert [line.split(":")[0].split(" ")[0] for line in done.stdout.splitlines()[:7]] == [
        f"{n}/7" for n in range(1, 8)
    ]
    assert not (tmp_path / "outside.py").exists()
    assert sorted(path.name for path in class_.iterdir()) == sorted(EARNED)


def test_started_again_it_grades_only_what_changed(grade, class_, tmp_path):
    out = tmp_path / "json"
    grade(class_, "--json", out, "--require", "L0")
    before = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    (class_ / "bob" / "hw" / "double.py").write_text(RIGHT)
    done = grade(class_, "--json", out, "--require", "L0")
    after = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    assert {name for name in after if after[name] != before[name]} == {"bob.json"}
    assert " bob: 3/7\n" in done.stdout
    grade(class_, "--json", out, "--require", "L0", "--afresh")
    assert {path.name for path in out.iterdir() if path.stat().st_mtime_ns != after[path.name]} == set(after)


def test_interrupted_it_keeps_what_is_done(small_exercises, tmp_path):
    place, out = tmp_path / "class", tmp_path / "json"
    place.mkdir()
    (place / "a.py").write_text(RIGHT)
    for name in "bcd":
        (place / f"{name}.py").write_text(SLOW)
    command = [sys.executable, "-m", "minillm", "grade", place, "--json", out, "--require", "L0", "-j", "1"]
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environment = os.environ | {"TMPDIR": str(scratch)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    first = process.stdout.readline()
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=30)
    assert first == "1/4 a.py: 3/7\n"
    assert process.returncode == 130
    assert "interrupted; the same command goes on from here" in rest
    assert errors == ""
    assert time.monotonic() - started < 10, "it waited for the slow ones"
    assert [path.name for path in out.iterdir()] == ["a.py.json"]
    while list(scratch.iterdir()):  # the sandbox notices that its judge is gone
        assert time.monotonic() - started < 20, "something was left behind"


def test_a_tier_that_cannot_be_had_is_refused_before_anything_is_graded(grade, class_, tmp_path, monkeypatch):
    monkeypatch.setattr("minillm.grading.sandbox.strongest", lambda: PROCESS)
    done = grade(class_, "--require", "L1", "--json", tmp_path / "out")
    assert done.exit_code == 2
    assert "tier L1 was required" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_without_a_sandbox_it_says_practice(grade, class_, tmp_path):
    done = grade(class_ / "alice.py", "--require", "L0", "--csv", tmp_path / "a.csv")
    assert "(practice, L0 (process))" in done.stdout
    assert "practice" in (tmp_path / "a.csv").read_text()
    assert "graded" not in done.stdout


def test_a_folder_may_be_one_submission(grade, tmp_path):
    work = tmp_path / "work" / "ch01"
    work.mkdir(parents=True)
    (work / "double.py").write_text(RIGHT)
    (work / "spread.py").write_text("class Center: ...\ndef spread(xs): return 3.0")
    assert "6/7" in grade("--one", work, "--require", "L0").stdout
    assert "2 submissions" in grade(work, "--require", "L0").stdout


def test_what_is_not_taken_is_named(grade, class_):
    (class_ / "grace.rar").write_text("x")
    (class_ / "heidi.py").symlink_to("/etc/passwd")
    done = grade(class_, "--require", "L0")
    assert "not taken:" in done.stdout
    assert "grace.rar" in done.stdout
    assert "heidi.py" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "nothing to grade"),
        (["nowhere"], "nowhere does not exist"),
        (["empty"], "no submission lies in empty"),
        (["a.py", "--chapter", "ch99"], "there are no exercises of chapter 'ch99'"),
        (["a.py", "--require", "L2"], "--require L2: it is L0 or L1"),
        (["a.py", "--csv", "a.py/b.csv", "--require", "L0"], "a.py"),
    ],
)
def test_what_cannot_be_done_is_one_line(grade, tmp_path, arguments, said):
    (tmp_path / "a.py").write_text(RIGHT)
    (tmp_path / "empty").mkdir()
    done = grade(*arguments)
    assert done.exit_code == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_seed_repeats_a_run(grade, tmp_path):
    (tmp_path / "a.py").write_text(WRONG)
    for name in ("one", "two"):
        grade("a.py", "--seed", 7, "--json", tmp_path / name, "--require", "L0")
    one, two = (json.loads((tmp_path / name / "a.py.json").read_text()) for name in ("one", "two"))
    items = [[item.get("got") for entry in record["exercises"] for item in entry["items"]] for record in (one, two)]
    assert items[0] == items[1]
    assert any(items[0])


class TestGradescope:
    @pytest.fixture
    def autograder(self, tmp_path):
        (tmp_path / "submission").mkdir()
        (tmp_path / "submission" / "hw.py").write_text(RIGHT)
        return tmp_path

    def test_writes_the_results(self, grade, autograder):
        done = grade("--gradescope", "--autograder", autograder, "--require", "L0")
        assert done.exit_code == 0
        results = json.loads((autograder / "results" / "results.json").read_text())
        assert results["score"] == 3
        assert results["extra_data"]["tier"] == "L0"

    def test_a_report_is_there_before_anything_runs(self, grade, autograder, monkeypatch):
        seen = []

        def failing(require):
            seen.append(json.loads((autograder / "results" / "results.json").read_text()))
            raise Unavailable("no sandbox today")

        monkeypatch.setattr("minillm.cli.marking.choose", failing)
        done = grade("--gradescope", "--autograder", autograder)
        assert done.exit_code == 2
        assert seen[0]["score"] == 0
        assert json.loads((autograder / "results" / "results.json").read_text()) == seen[0]
