"""A learner's way: start, list, next, check, hint, show, reset, progress; and what is said when they cannot."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading

import pytest

from minillm.grading.exercise import Exercise
from minillm.grading.service import Judge

RIGHT = "def double(x):\n    return x + x\n"
WRONG = "def double(x):\n    print('I ran')\n    return x**2\n"


@pytest.fixture(scope="module")
def judge():
    """One judge for all tests of a process: to start one takes longer than to check an answer."""

    kept = Judge()
    yield kept
    kept.close()


@pytest.fixture
def exercises(minillm, judge, monkeypatch):
    monkeypatch.setattr(Judge, "__init__", lambda self: vars(self).update(vars(judge)))
    monkeypatch.setattr(Judge, "__exit__", lambda self, *exception: vars(judge).update(vars(self)))
    return lambda *arguments, **options: minillm("exercises", *arguments, **options)


@pytest.fixture
def started(exercises, tmp_path):
    assert exercises("start", "ch01").exit_code == 0
    return tmp_path / "work" / "ch01"


@pytest.fixture
def with_notebook(small_exercises, monkeypatch, tmp_path):
    """A copy of the exercises with a generated notebook and stubs."""
    place = tmp_path / "exercises"
    shutil.copytree(os.environ["MINILLM_EXERCISES"], place)
    stub = (place / "ch01_small" / "double" / "master.py").read_text()
    code = stub.split("# solution:")[0] + 'raise NotImplementedError("multiply by two")'
    cells = [
        {"cell_type": "markdown", "id": "double-task", "source": "task", "metadata": {}},
        {"cell_type": "code", "id": "double-answer", "source": code, "outputs": [], "metadata": {}},
    ]
    (place / "ch01_small" / "exercises.ipynb").write_text(json.dumps({"cells": cells}))
    (place / "ch01_small" / "stubs").mkdir()
    (place / "ch01_small" / "stubs" / "double.py").write_text(f"# The statement: ...\n\n{code}\n")
    monkeypatch.setenv("MINILLM_EXERCISES", str(place))
    return place / "ch01_small"


def edit(notebook, source):
    data = json.loads(notebook.read_text())
    data["cells"][1]["source"] = source
    notebook.write_text(json.dumps(data))


class TestStart:
    def test_gives_out_stubs(self, exercises, tmp_path):
        done = exercises("start", "ch01")
        assert done.stdout.splitlines()[:3] == [f"made work/ch01/{name}.py" for name in ("double", "spread", "device")]
        text = (tmp_path / "work/ch01/double.py").read_text()
        assert "multiply by two" in text
        assert "return 2 * x" not in text

    def test_never_overwrites(self, exercises, started):
        (started / "double.py").write_text(RIGHT)
        (started / "spread.py").unlink()
        done = exercises("start", "ch01")
        assert "kept work/ch01/double.py" in done.stdout
        assert "made work/ch01/spread.py" in done.stdout
        assert (started / "double.py").read_text() == RIGHT

    def test_gives_out_what_is_generated(self, with_notebook, exercises, tmp_path):
        done = exercises("start")
        assert "made work/ch01/exercises.ipynb" in done.stdout
        assert (tmp_path / "work/ch01/double.py").read_text().startswith("# The statement")

    def test_commands_find_the_place_from_below(self, exercises, started, monkeypatch):
        monkeypatch.chdir(started)
        (started / "double.py").write_text(RIGHT)
        assert "3/3 points" in exercises("check", "double").stdout
        assert not (started / "work").exists()

    def test_an_unknown_chapter(self, exercises):
        done = exercises("start", "ch99")
        assert done.exit_code == 2
        assert done.stderr == "there are no exercises of chapter 'ch99'; there are those of ch01\n"


class TestCheck:
    def test_a_right_answer(self, exercises, started):
        (started / "double.py").write_text(RIGHT)
        done = exercises("check", "ch01.double")
        assert done.exit_code == 0
        assert "ch01.double: 2 of 2 checks passed, 3/3 points (practice, L0 (process))" in done.stdout

    def test_a_wrong_answer_shows_the_failure_first(self, exercises, started):
        (started / "double.py").write_text(WRONG)
        done = exercises("check", "double", "--seed", "5")
        lines = [line for line in done.stdout.splitlines() if not line.startswith("think first")]
        assert done.exit_code == 1
        assert lines[0] == "failed: numbers"
        assert lines[1] == "called: double(array[5] float64)"
        assert "likely cause: These are the squares." in lines
        assert "it printed: I ran" in lines
        assert "try again: minillm exercises check double" in lines
        assert "seed: 5" in lines
        same = exercises("check", "double", "--seed", "5").stdout
        assert [line for line in same.splitlines() if line.startswith("got")] == [
            line for line in lines if line.startswith("got")
        ]

    def test_the_traceback_is_behind_an_option(self, exercises, started):
        (started / "double.py").write_text("def double(x):\n    return helper(x)\n")
        assert "in double" not in exercises("check", "double").stdout
        assert 'File "double.py", line 2, in double' in exercises("check", "double", "--tb").stdout

    def test_a_question_is_asked_before_the_first_try(self, exercises, started):
        (started / "double.py").write_text(WRONG)
        assert exercises("check", "double").stdout.startswith(
            "think first: What is double(np.array([3.0])), as a list?"
        )
        assert "think first" not in exercises("check", "double").stdout

    def test_a_file_anywhere(self, exercises, tmp_path):
        (tmp_path / "hw.py").write_text(RIGHT)
        assert "3/3 points" in exercises("check", "hw.py").stdout

    def test_a_notebook_with_two_answers(self, exercises, tmp_path):
        spread = "class Center:\n    def __init__(self, xs):\n        self.value = sum(xs) / len(xs)\n"
        cells = [spread, "%time\ndef spread(xs):\n    return max(xs) - Center(xs).value", WRONG]
        notebook = {"cells": [{"cell_type": "code", "source": cell} for cell in cells]}
        (tmp_path / "hw.ipynb").write_text(json.dumps(notebook))
        done = exercises("check", "hw.ipynb")
        assert done.exit_code == 1
        assert "4/4 points" in done.stdout
        assert "1/3 points" in done.stdout

    def test_the_notebook_counts_where_the_stub_is_untouched(self, with_notebook, exercises, started):
        edit(started / "exercises.ipynb", RIGHT)
        assert "3/3 points" in exercises("check", "double").stdout

    def test_stubs_beside_an_answer_are_named_and_not_judged(self, with_notebook, exercises, started):
        stub = (started / "spread.py").read_text()
        (started / "both.py").write_text(RIGHT + stub)
        done = exercises("check", "work/ch01/both.py")
        assert done.exit_code == 1
        assert "3/3 points" in done.stdout
        assert done.stdout.splitlines()[-1] == "not begun: ch01.spread"
        assert "NotImplementedError" not in done.stdout
        assert "it raised NotImplementedError" in exercises("check", "spread").stdout

    @pytest.mark.parametrize(
        ("target", "said"),
        [
            ("nowhere.py", "there is no file nowhere.py"),
            ("doubel", "there is no exercise 'doubel'; near it: ch01.double"),
            ("ch01", "'ch01' is a chapter: give one of its exercises (`minillm exercises list ch01`)"),
            ("ch01.spread", "there is no folder"),
            ("empty.py", "empty.py answers no exercise"),
            ("bad.ipynb", "bad.ipynb is no readable .ipynb file"),
        ],
    )
    def test_what_cannot_be_checked_is_one_line(self, exercises, tmp_path, target, said):
        (tmp_path / "empty.py").write_text("x = 1")
        (tmp_path / "bad.ipynb").write_text("{")
        done = exercises("check", target)
        assert done.exit_code == 2
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert done.stdout == ""


class TestWatch:
    def test_checks_again_after_each_change(self, started, tmp_path):
        file = started / "double.py"
        file.write_text(WRONG)
        command = [sys.executable, "-m", "minillm", "exercises", "check", "double", "--watch"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path)
        stop = threading.Timer(60, process.kill)
        stop.start()
        try:
            seen = ""
            for line in process.stdout:
                seen += line
                if "watching" in line:
                    file.write_text("def double(:")  # saved in the middle of a word
                elif "SyntaxError" in line:
                    file.unlink()
                    file.write_text(RIGHT)
                elif "3/3 points" in line:
                    break
            process.send_signal(signal.SIGINT)
            rest = process.communicate()[0]
        finally:
            stop.cancel()
            process.kill()
            process.wait()
        assert "1/3 points" in seen
        assert "3/3 points" in seen
        assert "stopped watching" in rest
        assert process.returncode == 0


class TestHintAndShow:
    def test_hints_come_in_three_stages_and_are_remembered(self, exercises):
        said = [exercises("hint", "double").stdout.splitlines()[0] for _ in range(4)]
        assert said == ["hint 1 of 3: first", "hint 2 of 3: second", "hint 3 of 3: third", "hint 3 of 3: third"]
        assert exercises("hint", "spread").stdout.startswith("hint 1 of 3: one")

    def test_the_solution_is_shown_after_a_try(self, exercises, started):
        done = exercises("show", "double")
        assert done.exit_code == 2
        assert "not tried ch01.double yet" in done.stderr
        assert "return 2 * x" not in done.output
        exercises("check", "double")
        assert "return 2 * x" in exercises("show", "double").stdout

    def test_or_on_demand(self, exercises):
        done = exercises("show", "double", "--yes")
        assert "return 2 * x" in done.stdout
        assert "raise NotImplementedError" not in done.stdout
        assert "# solution:" not in done.stdout


class TestReset:
    def test_keeps_a_copy_and_touches_nothing_else(self, exercises, started):
        (started / "double.py").write_text(RIGHT)
        (started / "spread.py").write_text("mine")
        done = exercises("reset", "double", "--yes")
        assert "kept yours as work/ch01/double.py.bak" in done.stdout
        assert "multiply by two" in (started / "double.py").read_text()
        assert (started / "double.py.bak").read_text() == RIGHT
        assert (started / "spread.py").read_text() == "mine"

    def test_a_second_copy_gets_another_name(self, exercises, started):
        for text in (RIGHT, WRONG):
            (started / "double.py").write_text(text)
            exercises("reset", "double", "--yes")
        assert (started / "double.py.bak").read_text() == RIGHT
        assert (started / "double.py.1.bak").read_text() == WRONG

    def test_asks(self, exercises, started):
        (started / "double.py").write_text(RIGHT)
        assert exercises("reset", "double", answer="n\n").exit_code == 1
        assert (started / "double.py").read_text() == RIGHT
        assert exercises("reset", "double", answer="y\n").exit_code == 0
        assert (started / "double.py").read_text() != RIGHT

    def test_puts_the_stub_back_into_the_notebook(self, with_notebook, exercises, started):
        notebook = started / "exercises.ipynb"
        before = json.loads(notebook.read_text())
        edit(notebook, RIGHT)
        done = exercises("reset", "double", "--yes")
        after = json.loads(notebook.read_text())
        assert "kept yours as work/ch01/exercises.ipynb.bak" in done.stdout
        assert "multiply by two" in "".join(after["cells"][1]["source"])
        assert after["cells"][0] == before["cells"][0]
        assert "the stub is there already" in exercises("reset", "double", "--yes").stdout


class TestOverview:
    def test_list(self, exercises, started):
        (started / "double.py").write_text(RIGHT)
        exercises("check", "double")
        rows = exercises("list").stdout.splitlines()
        assert rows[0].split() == ["exercise", "title", "points", "difficulty", "minutes", "you"]
        assert rows[1].split() == ["ch01.double", "Twice", "as", "much", "3", "1", "5", "solved"]
        assert rows[2].split() == ["ch01.spread", "Distance", "from", "the", "middle", "4", "2", "10"]

    def test_next_is_the_first_unsolved(self, exercises, started):
        first = exercises("next").stdout
        assert first.startswith("ch01.double: Twice as much\n3 points, difficulty 1 of 5, about 5 minutes\n")
        assert "Write `double(x)`" in first
        assert "your file: work/ch01/double.py" in first
        (started / "double.py").write_text(RIGHT)
        exercises("check", "double")
        assert exercises("next", "ch01").stdout == exercises("next").stdout
        elsewhere = exercises("next", "ch09")
        assert (elsewhere.exit_code, elsewhere.stdout) == (2, "")
        assert "there are no exercises of chapter 'ch09'" in elsewhere.stderr
        assert exercises("next").stdout.startswith("ch01.spread")

    def test_links_of_a_statement_are_shown_as_words(self, exercises, started, monkeypatch):
        monkeypatch.setattr(Exercise, "statement", "See the [chain rule](../../book/glossary.md#chain-rule).")
        assert "See the chain rule.\n" in exercises("next").stdout

    def test_progress(self, exercises, started):
        (started / "double.py").write_text(WRONG)
        exercises("check", "double")
        exercises("hint", "double")
        lines = exercises("progress").stdout.splitlines()
        assert lines[1].split() == ["ch01.double", "1/3", "1", "1", "1/3"]
        assert lines[-1] == "0 of 3 exercises solved, 1 of 12 points"

    def test_a_damaged_record_is_one_line(self, exercises, tmp_path):
        (tmp_path / ".minillm").mkdir()
        (tmp_path / ".minillm" / "progress.json").write_text("{")
        for command in (["progress"], ["list"], ["next"], ["hint", "double"]):
            done = exercises(*command)
            assert done.exit_code == 1
            assert "progress.json is damaged" in done.stderr
            assert len(done.stderr.splitlines()) == 1

    def test_no_exercises(self, exercises, monkeypatch, tmp_path):
        monkeypatch.setattr("minillm.grading.exercise.folder", lambda: tmp_path)
        assert "there are no exercises" in exercises("list").stderr or exercises("list").exit_code == 0


def test_quick_commands_load_nothing_heavy(small_exercises, tmp_path):
    code = (
        "import sys; from minillm.cli import build_app\n"
        "try: build_app()()\n"
        "finally: print([m for m in ('numpy', 'torch', 'pytest', 'IPython', 'matplotlib') if m in sys.modules])"
    )
    for command in (["list"], ["next"], ["hint", "double"], ["progress"], ["start"], ["show", "double", "--yes"]):
        done = subprocess.run(
            [sys.executable, "-c", code, "exercises", *command],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=True,
        )
        assert done.stdout.splitlines()[-1] == "[]", command


def test_output_is_plain_where_nobody_looks(exercises, started):
    (started / "double.py").write_text(WRONG)
    for command in (["list"], ["next"], ["check", "double"], ["hint", "double"], ["show", "double", "--yes"]):
        output = exercises(*command).output
        assert "\x1b" not in output
        assert not set("│╭─━") & set(output)


def test_a_folder_that_cannot_be_written_is_one_line(exercises, tmp_path):
    (tmp_path / "work").write_text("a file")
    done = exercises("start", "ch01")
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1


class TestExport:
    def test_gradescope(self, exercises, tmp_path):
        done = exercises("export", "gradescope", "ch01")
        assert done.exit_code == 0
        assert (tmp_path / "gradescope-ch01.zip").exists()

    def test_github_classroom(self, exercises, tmp_path):
        done = exercises("export", "github-classroom", "ch01", "--out", tmp_path / "template")
        assert done.exit_code == 0
        assert (tmp_path / "template" / ".github" / "workflows" / "classroom.yml").exists()

    def test_an_unknown_chapter(self, exercises):
        assert exercises("export", "gradescope", "ch99").exit_code == 2


def test_build_says_what_it_would_write(exercises, monkeypatch, tmp_path):
    changed = [tmp_path / "exercises" / "a.ipynb"]
    monkeypatch.setattr("minillm.grading.build.build", lambda check: changed)
    assert exercises("build").stdout == "made exercises/a.ipynb\n"
    done = exercises("build", "--check")
    assert (done.exit_code, done.stdout) == (1, "out of date: exercises/a.ipynb\n")
    changed.clear()
    assert exercises("build", "--check").stdout == "everything is up to date\n"
