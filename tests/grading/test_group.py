"""A class is graded one by one: nothing is lost, nothing is done twice, and no one's failure is another's."""

import json
from collections import Counter

import pytest

from minillm.errors import InvalidInput
from minillm.grading import group as module
from minillm.grading.collect import Submission
from minillm.grading.group import Group
from minillm.grading.sandbox import PROCESS

RIGHT = {"ch01.double": "def double(x):\n    return 2 * x"}
WRONG = {"ch01.double": "def double(x):\n    return x**2"}
CRASH = {"ch01.double": "import os\nos._exit(0)"}


@pytest.fixture
def group(double, spread, tmp_path):
    (tmp_path / "out").mkdir()
    return Group([double, spread], PROCESS, judges=1, folder=tmp_path / "out")


@pytest.fixture
def asked(monkeypatch):
    """How often each submission went to a judge."""
    counts = Counter()
    original = module.grade_all

    def counted(tasks, judges):
        counts.update(name for name, _ in tasks)
        return original(tasks, judges)

    monkeypatch.setattr(module, "grade_all", counted)
    return counts


def graded(group, submissions):
    return {submission.name: record for submission, record in group.grade(submissions)}


def test_each_gets_its_own_points(group, tmp_path):
    class_ = [Submission("a", RIGHT), Submission("b", WRONG), Submission("c", CRASH), Submission("d")]
    records = graded(group, class_)
    assert {name: record["earned"] for name, record in records.items()} == {"a": 3, "b": 1, "c": 0, "d": 0}
    assert {record["possible"] for record in records.values()} == {7}
    for name, record in records.items():
        assert json.loads((tmp_path / "out" / f"{name}.json").read_text()) == record


def test_what_was_not_handed_in_says_so(group):
    reason = {"ch01.spread": "hw.py does not define spread"}
    record = graded(group, [Submission("a", RIGHT, reasons=reason)])["a"]
    items = record["exercises"][1]["items"]
    assert [item["status"] for item in items] == ["failed", "failed"]
    assert items[0]["explanation"] == "nothing was handed in: hw.py does not define spread"


def test_a_stub_that_was_given_out_is_nothing_handed_in(group, asked, double):
    stub = Submission("a", {"ch01.double": double.stub}, untouched=["ch01.double"])
    record = graded(group, [stub])["a"]
    assert (record["earned"], record["possible"], asked) == (0, 7, {})
    said = "nothing was handed in: the stub is as it was given out"
    assert [item["problem"] for item in record["exercises"][0]["items"]] == [said, said]


def test_done_again_only_what_changed_is_graded(group, asked, monkeypatch):
    class_ = [Submission("a", RIGHT), Submission("b", WRONG)]
    first = graded(group, class_)
    assert graded(group, class_) == first
    assert asked == {"a": 1, "b": 1}
    class_[1].sources = RIGHT
    again = graded(group, class_)
    assert asked == {"a": 1, "b": 2}
    assert (again["a"], again["b"]["earned"]) == (first["a"], 3)
    graded(Group(group.exercises, PROCESS, folder=group.folder, afresh=True), class_)
    assert asked == {"a": 2, "b": 3}


def test_changed_checks_tier_or_seed_grade_anew(group, asked, tmp_path, double):
    graded(group, [Submission("a", RIGHT)])
    graded(Group(group.exercises, PROCESS, seed=5, folder=group.folder), [Submission("a", RIGHT)])
    assert asked == {"a": 2}
    graded(Group([double], PROCESS, seed=5, folder=group.folder), [Submission("a", RIGHT)])
    assert asked == {"a": 3}


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"digest": 3}'])
def test_a_damaged_record_is_made_again(group, asked, text):
    (group.folder / "a.json").write_text(text)
    assert graded(group, [Submission("a", RIGHT)])["a"]["earned"] == 3
    assert asked == {"a": 1}


def test_interrupted_it_goes_on(group, asked):
    class_ = [Submission(name, RIGHT) for name in "abc"]
    some = group.grade(class_)
    done, _ = next(some)
    some.close()
    kept = [path.name for path in group.folder.glob("*.json")]
    assert f"{done.name}.json" in kept
    assert len(kept) < 3
    asked.clear()
    assert {record["earned"] for record in graded(group, class_).values()} == {3}
    assert done.name not in asked


def test_an_error_of_the_judge_costs_one(group, monkeypatch):
    original = module.grade_all

    def failing(tasks, judges):
        for name, results in original(tasks, judges):
            yield name, InvalidInput("no space left") if name == "a" else results

    monkeypatch.setattr(module, "grade_all", failing)
    records = graded(group, [Submission("a", RIGHT), Submission("b", RIGHT)])
    assert isinstance(records["a"], InvalidInput)
    assert records["b"]["earned"] == 3
    assert [path.name for path in group.folder.glob("*.json")] == ["b.json"]


@pytest.mark.parametrize("name", ["../../etc/x", "a/b", ".hidden", "x" * 300, "名字", "a\nb", "CON", ""])
def test_any_name_makes_a_file_in_the_folder(group, name):
    graded(group, [Submission(name)])
    (file,) = group.folder.parent.rglob("*.json")
    assert file.parent == group.folder
    assert not file.name.startswith(".")
    assert json.loads(file.read_text())["submission"] == name


def test_names_that_look_alike_in_a_file_name_stay_apart(group):
    graded(group, [Submission("a/b"), Submission("a_b"), Submission("a:b")])
    assert len(list(group.folder.glob("*.json"))) == 3
