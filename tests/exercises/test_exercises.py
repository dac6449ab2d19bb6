"""Every exercise is proven: what is right passes, what is wrong fails where it says, what is empty earns nothing.

The exercises are those of the repository, or of the folder that MINILLM_EXERCISES names.
"""

import ast
import json
import re
from pathlib import Path

import examples
import hollow
import pytest

from minillm.grading.exercise import everything

ROOT = Path(__file__).parents[2]
EXERCISES = everything()


@pytest.fixture(params=EXERCISES, ids=lambda exercise: exercise.id)
def exercise(request):
    return request.param


def header(source, key):
    found = re.match(rf"(?:# \w+: .*\n)*# {key}: (.+)", source)
    return found[1] if found else ""


def functions(source):
    return [node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]


def constants(source):
    return {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}


def headings(notebook):
    cells = json.loads((ROOT / notebook).read_text(encoding="utf-8"))["cells"]
    text = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return re.findall(r"^#{2,3} (.+)$", text, flags=re.MULTILINE)


def test_there_are_exercises():
    assert len(EXERCISES) >= 8
    assert len({exercise.id for exercise in EXERCISES}) == len(EXERCISES)


def test_one_notebook_can_hold_a_chapter():
    """What two stubs of a chapter both define is the same, for a learner's notebook holds all of them."""
    known = {}
    for exercise in EXERCISES:
        for node in ast.parse(exercise.stub).body:
            targets = [node.name] if hasattr(node, "name") else [t.id for t in getattr(node, "targets", [])]
            for name in targets:
                key = exercise.folder.parent.name, name
                assert known.setdefault(key, ast.dump(node)) == ast.dump(node), f"{exercise.id} defines {name} anew"
    for chapter in {exercise.folder.parent for exercise in EXERCISES}:
        asks = [name for exercise in EXERCISES if exercise.folder.parent == chapter for name in exercise.asks]
        assert len(asks) == len(set(asks)), f"{chapter.name}: two exercises ask for the same name"
        titles = [exercise.title for exercise in EXERCISES if exercise.folder.parent == chapter]
        assert len(titles) == len(set(titles)), f"{chapter.name}: two exercises have the same title"


def test_the_stub_earns_nothing(exercise, graded):
    outcome = graded(exercise, exercise.stub, right=False)
    assert not outcome.passed
    assert outcome.loaded, f"a stub can be loaded before anything is written: {outcome}"


def test_the_solution_and_its_variants_pass_in_a_third_of_the_limits(exercise, graded):
    for name, source in {"solution": exercise.solution, **exercise.programs("variants")}.items():
        outcome = graded(exercise, source, right=True)
        assert not outcome.failed, f"{name}: {outcome}"
        unknown = outcome.causes - exercise.misconceptions.keys()
        assert not unknown, f"checks name causes that hints.toml does not explain: {unknown}"


def test_every_mutant_fails_where_it_says(exercise, graded):
    caught = set()
    for name, source in exercise.programs("mutants").items():
        outcome = graded(exercise, source, right=False)
        assert header(source, "fails") in outcome.failed, f"{name} fails elsewhere or nowhere: {outcome}"
        assert outcome.loaded, f"{name} cannot even be loaded, which proves nothing: {outcome}"
        caught |= set(outcome.failed) if name != "no_op.py" else set()
    idle = exercise.points.keys() - caught
    assert not idle, f"checks that no mutant fails but the no-op: {idle}"


def test_empty_answers_earn_nothing(exercise, graded):
    for name, source in hollow.programs(exercise).items():
        outcome = graded(exercise, source, right=False)
        assert not outcome.passed, f"{name} pass {outcome.passed}"
        assert outcome.loaded, f"{name}: {outcome}"


def test_every_message_can_come_up(exercise):
    unused = exercise.misconceptions.keys() - constants(exercise.checks.read_text(encoding="utf-8"))
    assert not unused, f"misconceptions that no check names: {unused}"


def test_metadata(exercise):
    assert exercise.id == f"{exercise.folder.parent.name.split('_')[0]}.{exercise.folder.name}"
    assert list(exercise.points) == [
        name for name in functions(exercise.checks.read_text(encoding="utf-8")) if name.startswith("test_")
    ]
    assert all(type(points) is int and points > 0 for points in exercise.points.values())
    assert exercise.difficulty in range(1, 6)
    assert 5 <= exercise.minutes <= 120
    assert len(exercise.hints) == len(set(exercise.hints)) == 3
    assert all(hint.strip() for hint in exercise.hints)
    assert exercise.misconceptions
    assert all(entry.message.strip() for entry in exercise.misconceptions.values())
    assert not exercise.predict or {"question", "answer"} == exercise.predict.keys()
    assert all(reason.strip() for reason in exercise.forbid.values())
    assert ("torch" in exercise.preload) or "import torch" not in exercise.solution, (
        "torch takes a second to import: preload it"
    )


def test_programs(exercise):
    mutants, variants = exercise.programs("mutants"), exercise.programs("variants")
    assert len(mutants) >= 4
    assert "no_op.py" in mutants
    assert len(variants) >= 2
    assert all(header(source, "fails") in exercise.points for source in mutants.values())
    assert all(header(source, "idea") for source in [*mutants.values(), *variants.values()])
    bodies = [ast.dump(ast.parse(source)) for source in [exercise.solution, *mutants.values(), *variants.values()]]
    assert len(set(bodies)) == len(bodies), "two programs are the same"


def test_the_statement_is_enough_to_begin(exercise):
    """It names what is asked for, and the stub defines it with the solution's signature."""
    asked = {}
    for source in (exercise.stub, exercise.solution):
        tree = ast.parse(source)
        defined = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        assert exercise.asks
        assert set(exercise.asks) <= defined.keys()
        for name in exercise.asks:
            members = [node for node in ast.walk(defined[name]) if isinstance(node, ast.FunctionDef)]
            signatures = [ast.unparse(node.args) for node in members if not node.name.startswith("_")]
            assert asked.setdefault(name, signatures) == signatures
            assert ast.get_docstring(defined[name])
    for name in exercise.asks:
        assert f"`{name}" in exercise.statement, f"the statement does not say what {name} is"
    roles = re.findall(r"\{[a-z:]+\}`|^```\{|^:::|^#", exercise.statement, flags=re.MULTILINE)
    assert not roles, f"{roles}: a statement is plain Markdown without headings"


def test_examples_of_the_statement_are_true(exercise):
    names = examples.namespace(exercise.statement, exercise.solution)
    wrong = []
    for call, result in examples.examples(exercise.statement):
        got, said = eval(call, names), examples.value(result, names)
        if not examples.same(got, said):
            wrong.append(f"{call} gives {got}, not {said}")
    assert not wrong
    assert "| call | result |" not in exercise.statement or list(examples.examples(exercise.statement))


def test_links_to_the_notebook_resolve(exercise):
    known = headings(exercise.notebook)
    sections = {exercise.section, *(entry.section for entry in exercise.misconceptions.values() if entry.section)}
    assert sections <= set(known), f"{sections - set(known)} not among the headings of {exercise.notebook}: {known}"
