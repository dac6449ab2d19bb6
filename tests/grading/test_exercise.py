import ast

import pytest

from minillm.errors import FormatError, InvalidInput
from minillm.grading.exercise import anchor, find, load

META = """
id = "ch01.demo"
title = "Demo"
book = "2.1"
notebook = "chapters/01.ipynb"
section = "Counting"
asks = ["f"]
difficulty = 1
minutes = 5
preload = ["numpy", "torch"]

[points]
test_a = 1
test_b = 2

[limits]
seconds = 3
processes = 4

[forbid]
"numpy.sort" = "sorting is what you write here"
"""
HINTS = """
hints = ["one", "two", "three"]

[misconceptions.off_by_one]
message = "It starts at 0."
section = "Counting"
"""
MASTER = '''
"""Both."""

# solution:
import math

# end


class Both:
    def f(self):
        """Kept in both."""
        # solution:
        return math.pi
        # stub:
        raise NotImplementedError("write it")
        # end

    def g(self):
        return 1
'''


@pytest.fixture
def write(tmp_path):
    """``write(file=text)`` makes an exercise's folder, with good files where nothing is said."""

    def make(**files):
        folder = tmp_path / "ch01_x" / "demo"
        folder.mkdir(parents=True, exist_ok=True)
        texts = {"meta.toml": META, "hints.toml": HINTS, "master.py": MASTER, "task.md": "Do it.", "checks.py": ""}
        for name, text in (texts | {key.replace("_", "."): text for key, text in files.items()}).items():
            (folder / name).write_text(text)
        return folder

    return make


def test_an_exercise_is_read(write):
    exercise = load(write())
    assert (exercise.id, exercise.total, exercise.asks) == ("ch01.demo", 3, ("f",))
    assert exercise.preload == ("numpy", "torch")
    assert exercise.needs == ("cpu",)
    assert (exercise.limits.seconds, exercise.limits.processes, exercise.limits.memory_mib) == (3.0, 4, 1024)
    assert type(exercise.limits.seconds) is float
    assert exercise.forbid == {"numpy.sort": "sorting is what you write here"}
    assert exercise.misconceptions["off_by_one"].message == "It starts at 0."
    assert exercise.statement == "Do it."


def test_stub_and_solution_are_two_halves_of_one_source(write):
    exercise = load(write())
    for source in (exercise.stub, exercise.solution):
        ast.parse(source)
        assert "Kept in both." in source
        assert "def g" in source
        assert "# end" not in source
        assert "# stub:" not in source
    assert "import math" in exercise.solution
    assert "math" not in exercise.stub
    assert "NotImplementedError" in exercise.stub
    assert "NotImplementedError" not in exercise.solution
    scope: dict = {}
    exec(exercise.solution, scope)
    assert scope["Both"]().f() > 3
    exec(exercise.stub, scope)
    with pytest.raises(NotImplementedError, match="write it"):
        scope["Both"]().f()


def test_programs_are_read_by_name(write):
    folder = write()
    (folder / "mutants").mkdir()
    for name in ("b.py", "a.py", "notes.txt"):
        (folder / "mutants" / name).write_text(f"# {name}")
    assert load(folder).programs("mutants") == {"a.py": "# a.py", "b.py": "# b.py"}
    assert load(folder).programs("variants") == {}


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("meta_toml", 'id = "ch01.demo"', ""),
        ("meta_toml", "minutes = 5", "minutes = "),
        ("meta_toml", "minutes = 5", "minuets = 5"),
        ("meta_toml", "seconds = 3", "second = 3"),
        ("meta_toml", "seconds = 3", 'seconds = "soon"'),
        ("meta_toml", "minutes = 5", 'minutes = 5\nneeds = ["cpu", "tpu"]'),
        ("hints_toml", "hints =", "tips ="),
        ("hints_toml", "message =", "massage ="),
    ],
)
def test_bad_metadata_names_the_folder(write, file, old, new):
    text = {"meta_toml": META, "hints_toml": HINTS}[file]
    assert old in text
    folder = write(**{file: text.replace(old, new)})
    with pytest.raises(FormatError, match="demo"):
        load(folder)


def test_a_missing_file_names_the_folder(write):
    folder = write()
    (folder / "hints.toml").unlink()
    with pytest.raises(FormatError, match="demo"):
        load(folder)


def test_an_unknown_id_names_the_nearest(double):
    assert find("ch01.double").folder == find("double").folder == double.folder
    with pytest.raises(InvalidInput, match=r"ch01\.double"):
        find("ch01.duoble")
    with pytest.raises(InvalidInput, match=r"no exercise 'zzz' \("):
        find("zzz")


def test_anchors_are_those_of_the_site():
    assert anchor("A sentence, one factor a word") == "a-sentence-one-factor-a-word"
    assert anchor("What is `p(w | h)`?") == "what-is-pw--h"
