"""Who handed in what: files, folders and archives, and which part of them answers which exercise."""

import json
import os
import signal
import zipfile
from pathlib import Path

import pytest

from minillm.errors import InvalidInput
from minillm.grading.collect import collect, each
from minillm.grading.reader import Reader

DOUBLE = "def double(x):\n    return 2 * x\n"
SPREAD = "class Center: ...\ndef spread(numbers):\n    return Center\n"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_file_with_an_exercises_name_is_its_answer_as_a_whole(exercises, tmp_path):
    for name in ("double.py", "ch01.double.py"):
        found = collect("x", write(tmp_path / name, f"print('top level')\n{SPREAD}{DOUBLE}"), exercises)
        assert found.sources.keys() == {"ch01.double"}
        assert found.sources["ch01.double"].startswith("print")


def test_a_file_with_an_exercises_name_that_is_broken_is_still_its_answer(exercises, tmp_path):
    found = collect("x", write(tmp_path / "double.py", "def double(:"), exercises)
    assert found.sources == {"ch01.double": "def double(:"}


def test_another_file_answers_what_it_defines(exercises, tmp_path):
    whole = collect("x", write(tmp_path / "hw.py", f"import os\n{DOUBLE}"), exercises)
    assert whole.sources == {"ch01.double": f"import os\n{DOUBLE}"}
    several = collect("x", write(tmp_path / "hw.py", f"import os\n1 / 0\n{DOUBLE}{SPREAD}"), exercises)
    assert several.sources == {
        "ch01.double": DOUBLE.strip(),
        "ch01.spread": "\n\n\n".join(SPREAD.strip().split("\n", 1)),
    }


def test_a_partly_defined_exercise_is_told(exercises, tmp_path):
    found = collect("x", write(tmp_path / "hw.py", "class Center: ..."), exercises)
    assert found.sources == {}
    assert found.reasons == {"ch01.spread": "hw.py does not define spread"}


def test_a_broken_cell_is_told(exercises, notebook):
    found = collect("x", notebook("hw.ipynb", "def double(x:\n  return", SPREAD), exercises)
    assert found.sources.keys() == {"ch01.spread"}
    assert "hw.ipynb does not define double; there is a cell" in found.reasons["ch01.double"]


def test_notebooks_are_extracted(exercises, notebook):
    found = collect("x", notebook("hw.ipynb", "!ls\n1 / 0", "K = 2", "def double(x):\n    return K * x"), exercises)
    assert found.sources == {"ch01.double": "K = 2\n\n\ndef double(x):\n    return K * x"}
    assert found.files == {"ch01.double": "hw.ipynb"}


def test_an_untouched_stub_gives_way(exercises, double, tmp_path, notebook):
    folder = tmp_path / "work"
    write(folder / "double.py", f"# a comment\n{double.stub}")
    notebook("work/hw.ipynb", DOUBLE)
    found = collect("x", folder, exercises)
    assert found.files["ch01.double"] == "hw.ipynb"
    assert (found.notes, found.untouched) == ([], [])
    write(folder / "double.py", DOUBLE)
    notebook("work/hw.ipynb", double.stub)
    assert collect("x", folder, exercises).files["ch01.double"] == "double.py"
    write(folder / "double.py", double.stub)
    assert collect("x", folder, exercises).untouched == ["ch01.double"]


def test_of_two_answers_one_is_taken_and_the_other_named(exercises, tmp_path, notebook):
    write(tmp_path / "a" / "deep" / "double.py", DOUBLE)
    write(tmp_path / "a" / "other.py", DOUBLE)
    notebook("a/hw.ipynb", DOUBLE)
    found = collect("x", tmp_path / "a", exercises)
    assert found.files["ch01.double"] == "deep/double.py"
    assert found.notes == ["ch01.double: taken from deep/double.py, though hw.ipynb, other.py defines it as well"]


def test_another_chapters_file_of_the_same_name_is_not_taken(exercises, tmp_path):
    write(tmp_path / "a" / "ch02" / "double.py", "x = 1")
    assert collect("x", tmp_path / "a", exercises).sources == {}
    write(tmp_path / "a" / "ch01" / "double.py", DOUBLE)
    assert collect("x", tmp_path / "a", exercises).files == {"ch01.double": "ch01/double.py"}


@pytest.mark.parametrize("place", [".ipynb_checkpoints", "__MACOSX", "__pycache__", ".venv/lib", "lib/site-packages"])
def test_what_belongs_to_tools_is_passed_over(exercises, tmp_path, place):
    write(tmp_path / "a" / place / "double.py", "def double(x): return 0")
    write(tmp_path / "a" / "double.py", DOUBLE)
    found = collect("x", tmp_path / "a", exercises)
    assert (found.sources, found.notes) == ({"ch01.double": DOUBLE}, [])


def test_links_are_not_followed(exercises, tmp_path):
    secret = write(tmp_path / "secret" / "double.py", DOUBLE)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "double.py").symlink_to(secret)
    (tmp_path / "a" / "folder").symlink_to(secret.parent)
    (tmp_path / "link").symlink_to(secret.parent)
    assert collect("x", tmp_path / "a", exercises).sources == {}
    assert collect("x", tmp_path / "link", exercises).sources == {}
    assert "a link" in collect("x", tmp_path / "a", exercises).notes[0]


def test_archives_are_read_where_they_lie(exercises, tmp_path):
    (tmp_path / "moodle_assignsubmission_file").mkdir()
    for path in (tmp_path / "hw.zip", tmp_path / "moodle_assignsubmission_file" / "hw.zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("hw/double.py", DOUBLE)
            archive.writestr("hw/notes.txt", "x")
    assert collect("x", tmp_path / "hw.zip", exercises).files == {"ch01.double": "hw/double.py"}
    assert collect("x", tmp_path / "moodle_assignsubmission_file", exercises).files == {
        "ch01.double": "hw.zip/hw/double.py"
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hw.zip", "moodle_assignsubmission_file"]


@pytest.mark.parametrize("name", ["hw.zip", "hw.ipynb", "hw.py", "hw.rar"])
def test_a_damaged_file_is_a_note(exercises, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"PK\x03\x04\xff\xff\x00")
    found = collect("x", path, exercises)
    assert found.sources == {}
    assert len(found.notes) == 1 or found.reasons


def test_an_empty_folder_is_a_note(exercises, tmp_path):
    (tmp_path / "a").mkdir()
    assert collect("x", tmp_path / "a", exercises).notes == ["there is no .py file and no notebook in it"]


class TestEach:
    def test_a_folders_children_are_one_submission_each(self, tmp_path):
        write(tmp_path / "class" / "alice.py", DOUBLE)
        write(tmp_path / "class" / "bob" / "double.py", DOUBLE)
        write(tmp_path / "class" / "carol.zip", "")
        write(tmp_path / "class" / "dave.rar", "")
        write(tmp_path / "class" / ".DS_Store", "")
        (tmp_path / "class" / "eve.py").symlink_to("/etc/passwd")
        named, left = each([tmp_path / "class"])
        assert [name for name, _ in named] == ["alice.py", "bob", "carol.zip"]
        assert sorted(path.name for path in left) == ["dave.rar", "eve.py"]

    def test_a_folder_may_be_one_submission(self, tmp_path):
        write(tmp_path / "work" / "double.py", DOUBLE)
        named, _ = each([tmp_path / "work"], whole=True)
        assert named == [("work", tmp_path / "work")]

    def test_names_are_unique(self, tmp_path, monkeypatch):
        for group in ("monday", "friday"):
            write(tmp_path / group / "alice.py", DOUBLE)
            write(tmp_path / group / f"{group}.py", DOUBLE)
        named, _ = each([tmp_path / "monday", tmp_path / "friday"])
        assert [name for name, _ in named] == ["monday/alice.py", "monday.py", "friday/alice.py", "friday.py"]
        monkeypatch.chdir(tmp_path / "monday")
        assert each([Path()], whole=True)[0][0][0] == "monday"

    def test_names_are_harmless(self, tmp_path):
        write(tmp_path / "class" / "\x1b[31mred\u202e.py", DOUBLE)
        assert [name for name, _ in each([tmp_path / "class"])[0]] == ["red.py"]

    def test_nothing_to_grade(self, tmp_path):
        with pytest.raises(InvalidInput, match="does not exist"):
            each([tmp_path / "nowhere"])
        with pytest.raises(InvalidInput, match="no submission lies in"):
            each([tmp_path])


class TestReader:
    def test_reads_what_collect_reads(self, exercises, tmp_path, notebook):
        path = notebook("hw.ipynb", DOUBLE)
        reader = Reader()
        try:
            assert reader.collect("x", path, "ch01.") == collect("x", path, exercises)
        finally:
            reader.close()

    def test_goes_on_after_it_was_lost(self, tmp_path, monkeypatch):
        path = write(tmp_path / "double.py", DOUBLE)
        reader = Reader()
        try:
            reader.start().kill()
            reader.process.wait()
            assert reader.collect("x", path, "ch01.").sources
            monkeypatch.setattr("minillm.grading.reader._SECONDS", 0.2)
            os.kill(reader.process.pid, signal.SIGSTOP)
            lost = reader.collect("x", path, "ch01.")
            assert lost.sources == {}
            assert "could not be read" in lost.notes[0]
            monkeypatch.setattr("minillm.grading.reader._SECONDS", 60.0)
            next_one = reader.collect("y", path, "ch01.")
            assert (next_one.name, next_one.files) == ("y", {"ch01.double": "double.py"})
        finally:
            reader.close()

    def test_a_notebook_of_many_small_statements_costs_little_memory(self, tmp_path):
        text = json.dumps({"cells": [{"cell_type": "code", "source": "a\n" * 10_000_000}]})
        reader = Reader()
        try:
            found = reader.collect("x", write(tmp_path / "hw.ipynb", text), "ch01.")
            assert found.sources == {}
            assert "larger than 8 MiB" in found.notes[0]
            peak = (Path("/proc") / str(reader.process.pid) / "status").read_text().split("VmHWM:")[1].split()[0]
            assert int(peak) < 200_000
        finally:
            reader.close()
