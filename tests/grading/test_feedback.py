"""What a learner reads after a check: the failure first, and nothing that a submission could act with."""

import io

import pytest
from rich.console import Console

from minillm.grading.feedback import as_html, explain, first_failure, section_link, show, summary
from minillm.grading.result import Feedback, Item, Result, plain


@pytest.fixture
def failed(double):
    feedback = Feedback(
        called="double(array[5] float64)",
        problem="2 of 5 numbers are wrong",
        index="[3]",
        expected="6, 8",
        got="9, 16",
        cause="squares",
        printed="<b>hello</b>",
        traceback='File "x.py", line 1',
    )
    items = [Item("test_shape", 1, "passed", 0.1), Item("test_numbers", 2, "failed", 0.2, feedback)]
    return Result(double, items, "L0 (process)", "L0", 42)


def shown(result, **options):
    out = io.StringIO()
    show(result, Console(file=out, width=80), **options)
    return out.getvalue()


def test_the_failure_stands_first_and_most_useful_first(failed):
    labels = [label for label, _ in explain(failed, failed.items[1])]
    order = ["failed", "called", "problem", "expected", "got", "likely cause", "hint", "read again"]
    assert labels == [*order, "it printed", "seed"]
    text = shown(failed, rerun="minillm exercises check ch01.double")
    assert text.startswith("failed: numbers\n")
    places = [text.index(part) for part in ("double(array[5]", "first at [3]", "6, 8", "9, 16", "squares.", "first\n")]
    assert places == sorted(places)
    assert "minillm exercises check ch01.double" in text
    assert "42" in text


def test_an_empty_expectation_has_no_line(failed):
    failed.items[1].feedback.expected = ""
    told = dict(explain(failed, failed.items[1]))
    assert "expected" not in told
    assert told["got"]


def test_the_traceback_is_shown_only_on_demand(failed):
    assert "x.py" not in shown(failed)
    assert "x.py" in shown(failed, traceback=True)


def test_the_cause_links_to_its_own_section(failed):
    told = dict(explain(failed, failed.items[1]))
    assert told["read again"] == section_link(failed.exercise, "Further reading")
    assert told["read again"].endswith(".ipynb#further-reading")
    assert told["likely cause"] == "These are the squares."


def test_a_cause_that_nobody_knows_is_left_out(failed):
    failed.items[1].feedback.cause = "nonsense"
    told = dict(explain(failed, failed.items[1]))
    assert "likely cause" not in told
    assert told["read again"].endswith("#summary")


def test_a_passed_result_says_only_that(double):
    result = Result(double, [Item("test_numbers", 2, "passed"), Item("test_shape", 1, "passed")], "x", "L1", 1)
    assert first_failure(result) is None
    assert shown(result).splitlines()[-1] == "ch01.double: 2 of 2 checks passed, 3/3 points (graded, x)"


def test_what_was_not_graded_is_named_and_leaves_the_total(double):
    result = Result(double, [Item("test_numbers", 2, "passed"), Item("test_shape", 1, "not graded")], "x", "L0", 1)
    assert (result.earned, result.possible, result.passed) == (2, 2, True)
    assert "not graded here: test_shape" in summary(result)
    assert "practice" in summary(result)


def test_html_is_escaped(failed):
    page = as_html(failed, rerun="<script>")
    assert "&lt;b&gt;hello" in page
    assert "<b>hello" not in page
    assert "<script>" not in page


HOSTILE = "\x1b[31mred\x1b]0;title\x07\x1b]8;;http://x\x1b\\link\x9b31m\r\b\u202egnorw\u2066\ud800[bold]x[/bold]"


def test_escapes_and_tricks_are_taken_out():
    clean = plain(HOSTILE)
    assert clean == "redlink31mgnorw[bold]x[/bold]"
    assert len(plain("x" * 10_000)) < 5000


def test_hostile_text_reaches_no_terminal(double):
    feedback = Feedback(problem=HOSTILE, printed=HOSTILE, got=HOSTILE, called=HOSTILE)
    text = shown(Result(double, [Item("test_numbers", 2, "failed", 0.0, feedback)], "x", "L0", 1))
    assert not set("\x1b\x9b\x07\r\b\u202e\u2066\ud800") & set(text)
    assert "[bold]x[/bold]" in text
    text.encode()
