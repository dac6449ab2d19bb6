"""check() in a notebook, with a shell that holds cells and nothing else."""

from types import SimpleNamespace

import pytest

from minillm.errors import InvalidInput
from minillm.grading import check
from minillm.grading import notebook as module
from minillm.grading.progress import Progress


@pytest.fixture(scope="module", autouse=True)
def one_judge():
    yield
    module._judge().close()
    module._judge.cache_clear()


@pytest.fixture
def run(monkeypatch):
    """``run(*cells)``: a shell in which these cells have run; returns what is displayed."""
    displayed = []

    def start(*cells):
        history = SimpleNamespace(input_hist_raw=["", *cells])
        monkeypatch.setattr(module, "get_ipython", lambda: SimpleNamespace(history_manager=history))
        monkeypatch.setattr(module, "display", lambda data, raw: displayed.append(data))
        return displayed

    return start


def test_a_right_answer_passes_and_is_remembered(run):
    shown = run("import numpy as np", "%%time\ndef double(x):\n    return x + x", "check('ch01.double')")
    check("ch01.double", predict="[6.0]")
    ((page,),) = [[data["text/html"] for data in shown]]
    assert "3/3 points" in page
    assert "practice" in shown[0]["text/plain"]
    assert Progress().passed("ch01.double")


def test_a_wrong_answer_is_explained_and_the_notebook_is_left_alone(run):
    shown = run("import numpy as np\nLIMIT = 3", "def double(x):\n    print('<i>', LIMIT)\n    return x**2")
    check("ch01.double", predict="[6.0]")
    page = shown[0]["text/html"]
    assert "These are the squares." in page
    assert "&lt;i&gt; 3" in page
    assert "<i>" not in page
    assert Progress().of("ch01.double")["tries"] == 1


def test_the_last_cell_that_ran_counts(run):
    shown = run("def double(x):\n    return 2 * x", "def double(x):\n    return 3 * x")
    check("ch01.double", predict="[6.0]")
    assert "2 of 2" not in shown[0]["text/plain"]


def test_a_prediction_is_asked_for_and_answered(run, capsys):
    run("def double(x):\n    return 2 * x")
    check("ch01.double")
    assert "Think first: What is double(np.array([3.0])), as a list?" in capsys.readouterr().out
    check("ch01.double", predict=" [6.0] ")
    assert "As you predicted." in capsys.readouterr().out
    check("ch01.double", predict="[9.0]")
    assert "Compare with yours: [6.0]" in capsys.readouterr().out


def test_what_is_not_defined_is_named(run):
    run("def spread(x): return 1")
    with pytest.raises(InvalidInput, match="not defined: Center"):
        check("ch01.spread")


def test_outside_a_notebook(monkeypatch):
    monkeypatch.setattr(module, "get_ipython", lambda: None)
    with pytest.raises(InvalidInput, match="minillm exercises check FILE"):
        check("ch01.double")


def test_an_unknown_exercise(run):
    run()
    with pytest.raises(InvalidInput, match=r"ch01\.double"):
        check("ch01.doubel")
