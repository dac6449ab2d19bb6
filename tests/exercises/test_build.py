"""What is generated from the exercises: up to date in the repository, and nothing else is touched."""

import json
import shutil
from pathlib import Path

import nbformat
import pytest

from minillm.errors import FormatError
from minillm.grading.build import build, in_reading_order
from minillm.grading.collect import collect
from minillm.grading.exercise import everything, load

ROOT = Path(__file__).parents[2]
CHAPTER, LESSONS = Path("exercises/ch01_ngram"), Path("chapters/01_ngram")
KEPT = ["joint_size", "counts_mle"]


@pytest.fixture
def root(tmp_path):
    """A small repository with two exercises of one notebook, nothing generated yet."""
    for name in KEPT:
        shutil.copytree(ROOT / CHAPTER / name, tmp_path / CHAPTER / name)
    (tmp_path / LESSONS).mkdir(parents=True)
    for name in ("index.md", "02_counting.ipynb"):
        shutil.copy(ROOT / LESSONS / name, tmp_path / LESSONS / name)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    readme = "# A book\n\nbefore\n\n<!-- exercises -->\nstale\n<!-- /exercises -->\n\nafter\n"
    (tmp_path / "README.md").write_text(readme, encoding="utf-8")
    lesson = _read(tmp_path / LESSONS / "02_counting.ipynb")
    for cell in lesson["cells"]:
        cell["source"] = "".join(cell["source"]).split("\n\n<!-- exercises -->")[0]
    (tmp_path / LESSONS / "02_counting.ipynb").write_text(json.dumps(lesson), encoding="utf-8")
    return tmp_path


def _read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def _tree(root):
    return {path.relative_to(root): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_what_is_committed_is_up_to_date():
    changed = build(ROOT, check=True)
    assert not changed, f"run `minillm exercises build`: {[str(path.relative_to(ROOT)) for path in changed]}"


@pytest.mark.parametrize("chapter", sorted(path.parent.name for path in ROOT.glob("exercises/*/exercises.ipynb")))
def test_a_notebook_as_it_is_given_out_answers_nothing(chapter):
    """Although several of its cells import the same names, which moves the imports."""
    exercises = everything(f"{chapter.split('_')[0]}.")
    handed_in = collect("x", ROOT / "exercises" / chapter / "exercises.ipynb", exercises)
    assert sorted(handed_in.untouched) == sorted(exercise.id for exercise in exercises)


def test_a_check_says_what_would_change_and_changes_nothing(root):
    before = _tree(root)
    expected = {
        CHAPTER / "exercises.ipynb",
        CHAPTER / "stubs/joint_size.py",
        CHAPTER / "stubs/counts_mle.py",
        LESSONS / "exercises.md",
        LESSONS / "02_counting.ipynb",
        Path("README.md"),
    }
    assert {path.relative_to(root) for path in build(root, check=True)} == expected
    assert _tree(root) == before
    assert {path.relative_to(root) for path in build(root)} == expected
    assert build(root) == build(root, check=True) == []


def test_what_was_edited_by_hand_or_is_left_over_is_found_and_put_right(root):
    build(root)
    built = _tree(root)
    page, stub = root / LESSONS / "exercises.md", root / CHAPTER / "stubs/joint_size.py"
    page.write_text(page.read_text(encoding="utf-8").replace("Try first", "Look first"), encoding="utf-8")
    stub.unlink()
    (root / CHAPTER / "stubs/of_old.py").write_text("", encoding="utf-8")
    assert set(build(root, check=True)) == {page, stub, root / CHAPTER / "stubs/of_old.py"}
    build(root)
    assert _tree(root) == built


def test_a_changed_exercise_changes_what_is_made_from_it(root):
    build(root)
    meta = root / CHAPTER / "joint_size/meta.toml"
    meta.write_text(meta.read_text(encoding="utf-8").replace("How large is the table?", "How big is it?"), "utf-8")
    build(root)
    for path in (LESSONS / "exercises.md", LESSONS / "02_counting.ipynb", CHAPTER / "exercises.ipynb"):
        assert "How big is it?" in (root / path).read_text(encoding="utf-8")


def test_only_the_text_between_the_marks_is_written(root):
    lesson = root / LESSONS / "02_counting.ipynb"
    before = _read(lesson)
    build(root)
    readme = (root / "README.md").read_text(encoding="utf-8")
    assert readme.startswith("# A book\n\nbefore\n\n<!-- exercises -->\n")
    assert readme.endswith("<!-- /exercises -->\n\nafter\n")
    assert "stale" not in readme
    after = _read(lesson)
    changed = [(a, b) for a, b in zip(before["cells"], after["cells"], strict=True) if a["source"] != b["source"]]
    ((old, new),) = changed
    assert "".join(new["source"]).startswith(old["source"])
    assert before | {"cells": []} == after | {"cells": []}
    assert "`ch01.joint_size`" in "".join(new["source"])


def test_a_notebook_that_lost_its_exercises_keeps_empty_marks(root):
    build(root)
    shutil.rmtree(root / CHAPTER / "joint_size")
    meta = root / CHAPTER / "counts_mle/meta.toml"
    text = meta.read_text(encoding="utf-8").replace("02_counting", "03_more")
    meta.write_text(text, encoding="utf-8")
    shutil.copy(root / LESSONS / "02_counting.ipynb", root / LESSONS / "03_more.ipynb")
    build(root)
    sources = ["".join(cell["source"]) for cell in _read(root / LESSONS / "02_counting.ipynb")["cells"]]
    assert any(source.endswith("<!-- exercises -->\n<!-- /exercises -->") for source in sources)
    assert not (root / CHAPTER / "stubs/joint_size.py").exists()


def test_the_learners_notebook(root):
    build(root)
    notebook = nbformat.read(root / CHAPTER / "exercises.ipynb", as_version=4)
    nbformat.validate(notebook)
    first = _read(root / LESSONS / "02_counting.ipynb")["cells"][0]
    assert notebook.cells[0].source == "".join(first["source"])
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert "from minillm.grading import check" in code
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert "../" not in prose, "a learner's copy lies in another folder"
    for name in KEPT:
        exercise = load(root / CHAPTER / name)
        assert exercise.stub.strip() in code
        assert f'check("{exercise.id}")' in code
        assert exercise.solution.strip() not in code
    exec("\n".join(source for source in code if "check" not in source), {})


def test_stubs_are_the_stubs(root):
    build(root)
    for name in KEPT:
        text = (root / CHAPTER / f"stubs/{name}.py").read_text(encoding="utf-8")
        head, _, body = text.partition("\n\n")
        assert all(line.startswith("# ") for line in head.splitlines())
        assert body == load(root / CHAPTER / name).stub


def test_solutions_stand_folded_after_their_statements(root):
    build(root)
    page = (root / LESSONS / "exercises.md").read_text(encoding="utf-8")
    for name in KEPT:
        exercise = load(root / CHAPTER / name)
        statement, solution = page.index(exercise.statement.strip()), page.index(exercise.solution.strip())
        assert statement < solution
        assert ":::{admonition} Solution\n:class: dropdown\n" in page[statement:solution]


def test_easy_ones_come_first_in_each_notebook():
    ordered = in_reading_order(everything())
    keys = [(exercise.notebook, exercise.difficulty) for exercise in ordered]
    assert keys == sorted(keys)


def test_a_missing_notebook_is_named(root):
    (root / LESSONS / "02_counting.ipynb").unlink()
    with pytest.raises(FormatError, match=r"02_counting\.ipynb"):
        build(root)
    assert not (root / LESSONS / "exercises.md").exists()
