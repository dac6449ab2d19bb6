import textwrap

import pytest
from apart import JudgeApart

from minillm.grading import judge as judging
from minillm.grading.exercise import load
from minillm.grading.pod import Pod
from minillm.grading.result import Feedback
from minillm.grading.sandbox import PROCESS

META = """
id = "ch00.demo"
title = "Demo"
book = "1.1"
notebook = "n.ipynb"
section = "S"
asks = ["f"]
difficulty = 1
minutes = 1
"""
GOOD = "def f(x): return 2 * x\n"
FIRST = """
from minillm.grading.expect import equal
import pytest


def test_first(submission):
    equal(submission.f(2), 4)


"""


@pytest.fixture(scope="module")
def apart():
    judge = JudgeApart()
    yield judge
    judge.close()


@pytest.fixture
def write(tmp_path):
    """``write(checks, points)`` makes an exercise's folder."""

    def make(checks, points, extra=""):
        folder = tmp_path / "demo"
        folder.mkdir(exist_ok=True)
        table = "".join(f"{name} = {i}\n" for i, name in enumerate(points, start=1))
        (folder / "meta.toml").write_text(f"{META}\n{extra}\n[points]\n{table}\n")
        (folder / "hints.toml").write_text('hints = ["a", "b", "c"]')
        (folder / "checks.py").write_text(FIRST + textwrap.dedent(checks))
        return folder

    return make


@pytest.fixture
def run(write, apart):
    """``run(checks, points)`` judges a submission by checks written here; what comes back is item by name."""

    def go(checks, *points, source=GOOD, seed=7):
        return {item.name: item for item in apart.judge(write(checks, points), source, seed)}

    return go


def test_points_go_to_what_passed_and_to_nothing_else(run):
    items = run(
        """
        def test_second(submission):
            equal(submission.f("ab"), "ab")

        def test_third():
            assert False, "it asks nothing of the submission"

        def test_uncounted(submission):
            pass
        """,
        "test_first",
        "test_second",
        "test_third",
    )
    assert list(items) == ["test_first", "test_second", "test_third"]
    assert (items["test_first"].status, items["test_first"].earned) == ("passed", 1)
    assert (items["test_second"].status, items["test_second"].earned, items["test_second"].points) == ("failed", 0, 2)
    assert items["test_first"].seconds > 0
    assert items["test_third"].feedback.called == ""


def test_feedback_says_what_was_called_and_what_came(run):
    items = run("", "test_first", source="def f(x):\n    print('here')\n    return 5")
    said = items["test_first"].feedback
    assert said.called == "f(2)"
    assert "value differs" in said.problem
    assert (said.expected, said.got) == ("4", "5")
    assert said.printed == "here\n"
    items = run("", "test_first", source="def f(x):\n    raise ValueError('odd \\x1b[31m')")
    said = items["test_first"].feedback
    assert said.problem == "it raised ValueError: odd "
    assert "in f" in said.traceback
    assert "checks.py" not in said.traceback


def test_an_error_that_did_not_come_is_told(run):
    items = run("def test_first(submission):\n    with pytest.raises(ValueError): submission.f(1)", "test_first")
    said = items["test_first"].feedback.problem
    assert said.startswith("it should raise, and did not:")
    assert "ValueError" in said
    assert "could not go on" not in said


def test_a_name_that_a_check_does_not_find_is_told(run):
    items = run("def test_first(submission): {'up': 1}['upp']", "test_first")
    assert items["test_first"].feedback.problem.startswith("the check looked for 'upp' and did not find it")


NOT_PASSED = {
    "missing": "",
    "skipped": "@pytest.mark.skip(reason='later')\ndef test_second(submission): pass",
    "skipped inside": "def test_second(submission): pytest.skip('later')",
    "skipped if": "@pytest.mark.skipif(True, reason='here')\ndef test_second(submission): pass",
    "import skipped": "def test_second(submission): pytest.importorskip('never_installed')",
    "expected to fail": "@pytest.mark.xfail\ndef test_second(submission): assert False",
    "expected to fail and passes": "@pytest.mark.xfail\ndef test_second(submission): pass",
    "expected to fail strictly": "@pytest.mark.xfail(strict=True)\ndef test_second(submission): assert False",
    "fails in set-up": "@pytest.fixture\ndef broken(): raise KeyError\ndef test_second(broken): pass",
    "fails in tear-down": "@pytest.fixture\ndef broken():\n    yield\n    1 / 0\ndef test_second(broken): pass",
    "unknown fixture": "def test_second(subnission): pass",
    "assertion": "def test_second(submission): assert submission.f(1) == 3",
    "error": "def test_second(submission): 1 / 0",
    "ends the process": "def test_second(submission): raise SystemExit(0)",
    "ends the session": "def test_second(submission): pytest.exit('enough', returncode=0)",
    "interrupts": "def test_second(submission): raise KeyboardInterrupt",
    "one case of three": "@pytest.mark.parametrize('n', [1, 2, 3])\ndef test_second(n): assert n != 2",
    "no cases": "@pytest.mark.parametrize('n', [])\ndef test_second(n): pass",
    "one case skipped": (
        "@pytest.mark.parametrize('n', [1, pytest.param(2, marks=pytest.mark.skip)])\ndef test_second(n): pass"
    ),
    "replaced": "def test_second(submission): pass\ntest_second = None",
    "of another name": "def test_second_time(submission): pass",
}


@pytest.mark.parametrize("why", NOT_PASSED)
def test_what_did_not_pass_has_failed(run, why):
    items = run(NOT_PASSED[why], "test_first", "test_second")
    assert items["test_second"].status == "failed"
    assert items["test_second"].earned == 0
    assert items["test_second"].feedback.problem


def test_a_check_that_stops_everything_does_not_unmake_what_passed(run):
    items = run("def test_second(submission): pytest.exit('enough', returncode=0)", "test_first", "test_second")
    assert items["test_first"].earned == 1


def test_a_check_that_runs_twice_has_failed():
    def status(runs, phases):
        passed = [(when, "passed", Feedback()) for when in ("setup", "call", "teardown")]
        plugin = judging.Judging.__new__(judging.Judging)
        plugin.seconds = {"test_first": 0.1}
        plugin.ran = {"test_first": ["checks.py::test_first"] * runs}
        plugin.outcomes = {"test_first": passed * phases}
        return judging._item(plugin, "test_first", 1).status

    assert status(1, 1) == "passed"
    assert status(2, 2) == status(1, 2) == status(2, 1) == status(0, 0) == "failed"


def test_cases_of_one_check_count_as_one(run):
    items = run(
        """
        @pytest.mark.parametrize("n", [1, 2, 3])
        def test_second(submission, n):
            equal(submission.f(n), 2 * n)
        """,
        "test_first",
        "test_second",
    )
    assert items["test_second"].earned == 2


@pytest.mark.parametrize(
    "broken", ["def test_second(:", "import never_installed_anywhere", "raise SystemExit(0)", "1 / 0"]
)
def test_checks_that_do_not_load_fail_all(run, broken):
    items = run(broken, "test_first", "test_second")
    assert [item.status for item in items.values()] == ["failed", "failed"]
    assert all("did not start" in item.feedback.problem for item in items.values())


def test_checks_are_read_anew_each_time(run):
    assert run("def test_second(submission): assert False", "test_second")["test_second"].earned == 0
    assert run("def test_second(submission): assert 1 + 1", "test_second")["test_second"].earned == 1
    assert run("def test_second(submission): assert False", "test_second")["test_second"].earned == 0


def test_each_check_has_a_worker_of_its_own(run):
    counting = "calls = []\ndef f(x):\n    calls.append(x)\n    return 2 * x if len(calls) == 1 else None"
    items = run("def test_second(submission): equal(submission.f(3), 6)", "test_first", "test_second", source=counting)
    assert [item.earned for item in items.values()] == [1, 2]


def test_inputs_are_fresh_and_can_be_replayed(run):
    checks = """
        def test_second(rng, submission):
            drawn = float(rng.random())
            assert submission.f(drawn) == 0, f"drew {drawn}"
    """

    def drawn(seed):
        return run(checks, "test_second", seed=seed)["test_second"].feedback.problem

    assert drawn(1).startswith("drew 0.")
    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_every_check_draws_for_itself(run):
    draw = "def test_{}(rng): assert False, repr(float(rng.random()))\n"
    items = run(draw.format("second") + draw.format("third"), "test_second", "test_third")
    assert items["test_second"].feedback.problem != items["test_third"].feedback.problem


def test_a_submission_that_does_not_load_fails_all_with_the_reason(run):
    items = run("def test_second(submission): pass", "test_first", "test_second", source="x = 1\ny = (\n")
    for item in items.values():
        assert item.status == "failed"
        assert "SyntaxError" in item.feedback.problem
        assert item.feedback.called == "loading the file"


def test_a_device_that_is_not_here_leaves_the_check_out(write, monkeypatch):
    monkeypatch.setattr(judging, "_has_gpu", lambda: False)
    exercise = load(write("", ["test_first"], extra='needs = ["gpu"]'))
    with Pod(PROCESS) as pod:
        (item,) = judging.judge(exercise, GOOD, pod, seed=0)
    assert item.status == "not graded"
    assert item.earned == 0
    assert "CUDA" in item.feedback.problem


def test_files_beside_the_checks_do_not_matter(run, tmp_path):
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "conftest.py").write_text("raise SystemExit(0)")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --collect-only")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -k nothing")
    assert run("", "test_first")["test_first"].earned == 1
