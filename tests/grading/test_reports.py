"""Reports: right numbers, valid formats, and nothing in them that acts."""

import csv
import json
from xml.etree import ElementTree

import pytest

from minillm.grading import reports
from minillm.grading.collect import Submission
from minillm.grading.result import Feedback, Item, Result

HOSTILE = "]]><script>&amp;\x00\x1b[31m\ufffe\ud800 =1+1 \u202e"


@pytest.fixture
def record(exercises):
    device, double, spread = exercises
    wrong = Feedback(problem=f"it raised {HOSTILE}", called="f(1)", expected="1", got="2", cause="squares")
    results = [
        Result(device, [Item("test_runs", 5, "not graded", feedback=Feedback(problem="no GPU"))], "L1 (x)", "L1", 3),
        Result(
            double, [Item("test_numbers", 2, "failed", 0.5, wrong), Item("test_shape", 1, "passed", 0.25)], "x", "L1", 4
        ),
        Result(spread, [Item("test_center", 1, "passed"), Item("test_spread", 3, "passed")], "x", "L1", 5),
    ]
    submission = Submission("alice", files={"ch01.double": "hw.py"}, notes=["=HYPERLINK(1)", "second"])
    return reports.record(submission, results, digest="abc", sandbox="L1 (bubblewrap)", tier="L1")


def test_a_record_holds_the_grade_and_where_it_came_about(record, tmp_path):
    assert (record["earned"], record["possible"], record["verdict"]) == (5, 7, "graded")
    reports.write_json(record, tmp_path / "a.json")
    kept = json.loads((tmp_path / "a.json").read_text())
    assert kept == record
    assert kept["sandbox"] == "L1 (bubblewrap)"
    failed = kept["exercises"][1]["items"][0]
    assert failed["explanation"].startswith("called: f(1)\nproblem: it raised")
    assert "These are the squares." in failed["explanation"]
    assert (kept["exercises"][1]["file"], kept["exercises"][1]["seed"]) == ("hw.py", 4)


def test_practice_is_not_called_graded(exercises):
    record = reports.record(Submission("a"), [], digest="", sandbox="L0 (process)", tier="L0")
    assert record["verdict"] == "practice"


def test_csv_has_a_row_a_submission(record, tmp_path):
    other = record | {"submission": '@SUM("1"),x', "earned": 0, "notes": []}
    reports.write_csv([record, other], tmp_path / "grades.csv")
    with (tmp_path / "grades.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["submission"] for row in rows] == ["alice", '\'@SUM("1"),x']
    assert [row["earned"] for row in rows] == ["5", "0"]
    assert (rows[0]["ch01.double"], rows[0]["ch01.spread"], rows[0]["possible"]) == ("1", "4", "7")
    assert rows[0]["notes"] == "'=HYPERLINK(1); second"


@pytest.mark.parametrize("start", list("=+-@\t\r\n＝＋－＠"))
def test_no_cell_is_a_formula(record, tmp_path, start):
    reports.write_csv([record | {"submission": f"{start}cmd|' /C calc'!A0"}], tmp_path / "grades.csv")
    with (tmp_path / "grades.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert row["submission"].startswith("'")


def test_junit_is_valid_whatever_a_submission_said(record, tmp_path):
    reports.write_junit([record | {"submission": HOSTILE}], tmp_path / "out.xml")
    root = ElementTree.parse(tmp_path / "out.xml").getroot()
    (suite,) = root
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped"), suite.get("errors")) == (
        "5",
        "1",
        "1",
        "0",
    )
    cases = {(case.get("classname"), case.get("name")): case for case in suite.iter("testcase")}
    failure = cases["ch01.double", "test_numbers"].find("failure")
    assert "]]><script>&amp; =1+1" in failure.get("message")
    assert cases["ch01.double", "test_numbers"].get("time") == "0.500"
    assert cases["ch01.device", "test_runs"].find("skipped").get("message") == "no GPU"
    assert list(cases["ch01.double", "test_shape"]) == []


TOP = {"score", "execution_time", "output", "output_format", "test_output_format", "test_name_format"}
TOP |= {"visibility", "stdout_visibility", "extra_data", "tests", "leaderboard"}
TEST = {"score", "max_score", "status", "name", "name_format", "number", "output", "output_format", "tags"}
TEST |= {"visibility", "extra_data"}


def test_gradescope_has_only_fields_that_it_knows(record):
    for made in (reports.gradescope(record, seconds=1.25), reports.gradescope_unfinished()):
        assert made.keys() <= TOP
        assert made["output_format"] == made["test_output_format"] == made["test_name_format"] == "text"
        assert made["visibility"] == "visible"
        for test in made["tests"]:
            assert test.keys() <= TEST
        assert json.loads(json.dumps(made)) == made


def test_gradescope_gives_the_points_that_could_be_graded(record):
    made = reports.gradescope(record, seconds=1.25)
    assert made["score"] == sum(test["score"] for test in made["tests"]) == 5
    assert sum(test["max_score"] for test in made["tests"]) == 7
    assert "5 of 7 points (graded in L1 (bubblewrap))" in made["output"]
    assert made["extra_data"]["tier"] == "L1"
    by_name = {test["name"]: test for test in made["tests"]}
    gpu = by_name["ch01.device: runs"]
    assert (gpu["score"], gpu["max_score"]) == (0, 0)
    assert gpu["output"] == "not graded here, and not in the total: it needs gpu (5 points)"
    assert by_name["ch01.double: numbers"]["status"] == "failed"
    assert by_name["ch01.double: shape"]["status"] == "passed"


def test_before_the_end_there_is_a_report_of_nothing():
    made = reports.gradescope_unfinished()
    assert made["score"] == 0
    assert "did not finish" in made["output"]
