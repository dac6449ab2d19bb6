"""The record of what a learner has done."""

import json
import threading

import pytest

from minillm.errors import FormatError
from minillm.grading.progress import Progress
from minillm.grading.result import Item, Result


def result(exercise, *statuses):
    items = [Item(name, n, s) for (name, n), s in zip(exercise.points.items(), statuses, strict=True)]
    return Result(exercise, items, "L0 (process)", "L0", 1)


def test_the_best_try_counts(double):
    Progress().note(result(double, "passed", "failed"))
    Progress().note(result(double, "failed", "failed"))
    record = Progress().of("ch01.double")
    assert (record["tries"], record["best"], record["possible"]) == (2, 2, 3)
    assert not Progress().passed("ch01.double")
    Progress().note(result(double, "passed", "passed"))
    assert Progress().passed("ch01.double")


def test_an_exercise_that_nobody_tried_is_not_passed():
    assert not Progress().passed("ch01.double")


def test_is_found_from_a_folder_below(double, tmp_path, monkeypatch):
    Progress().note(result(double, "passed", "passed"))
    below = tmp_path / "work" / "ch01"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert Progress().passed("ch01.double")
    assert Progress().file == tmp_path / ".minillm" / "progress.json"


def test_its_place_can_be_named(tmp_path, monkeypatch, double):
    monkeypatch.setenv("MINILLM_PROGRESS", str(tmp_path / "elsewhere"))
    Progress().note(result(double, "passed", "passed"))
    assert (tmp_path / "elsewhere" / "progress.json").exists()


@pytest.mark.parametrize("text", ["{", "7", '["ab", 1]', "\x00"])
def test_a_damaged_file_is_named_and_kept(text, tmp_path):
    file = tmp_path / ".minillm" / "progress.json"
    file.parent.mkdir()
    file.write_text(text)
    with pytest.raises(FormatError, match=r"progress\.json is damaged"):
        Progress()
    assert file.read_text() == text


@pytest.mark.parametrize("records", [{"ch01.double": 3}, {"ch01.double": {"tries": "many"}}])
def test_a_damaged_record_is_a_damaged_file(records, tmp_path):
    file = tmp_path / ".minillm" / "progress.json"
    file.parent.mkdir()
    file.write_text(json.dumps(records))
    with pytest.raises(FormatError, match=r"progress\.json is damaged"):
        Progress()


def test_an_older_record_is_completed(tmp_path, double):
    file = tmp_path / ".minillm" / "progress.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"ch01.double": {"tries": 1, "best": 2, "possible": 3}}))
    assert Progress().of("ch01.double")["hints"] == 0
    Progress().note(result(double, "passed", "passed"))
    assert Progress().of("ch01.double")["tries"] == 2


def test_the_file_is_whole_while_it_is_written(tmp_path, double):
    done = threading.Event()

    def write():
        for _ in range(50):
            Progress().note(result(double, "passed", "failed"))
        done.set()

    Progress().save()
    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        json.loads((tmp_path / ".minillm" / "progress.json").read_text())
    writer.join()
