"""Extraction takes the definitions asked for and what they need, and nothing that only tries something."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minillm.errors import FormatError, InvalidInput
from minillm.grading.extract import MAX_CODE, cells_of, code_cells, extract


def run(source):
    scope = {"__name__": "submission"}
    exec(compile(source, "submission", "exec"), scope)
    return scope


def test_takes_what_the_definition_needs_and_no_more():
    cells = [
        "import math\nimport os",
        "SCALE = 3\nUNUSED = open('/nowhere')",
        "def helper(x):\n    return SCALE * x",
        "print(helper(2)); 1 / 0",
        "def f(x):\n    return math.exp(helper(x))",
    ]
    source = extract(cells, ["f"])
    assert "UNUSED" not in source
    assert "os" not in source
    assert "1 / 0" not in source
    assert run(source)["f"](0) == 1.0


def test_a_functions_own_variables_pull_nothing_in():
    cells = ["result = 1 / 0", "xs = [1 / 0]", "def f(n):\n    result = n\n    return [xs for xs in range(result)]"]
    assert run(extract(cells, ["f"]))["f"](2) == [0, 1]


def test_the_last_definition_counts():
    cells = ["def f():\n    return 1", "def g():\n    return f()", "def f():\n    return 2"]
    assert run(extract(cells, ["g"]))["g"]() == 2


@pytest.mark.parametrize(
    "cells",
    [
        ["TABLE = {}", "TABLE['a'] = 7", "def f():\n    return TABLE['a']"],
        ["n = 3", "n += 4", "def f():\n    return n"],
        ["class C:\n    pass", "C.value = 7", "def f():\n    return C.value"],
        ["try:\n    import nowhere as m\nexcept ImportError:\n    m = 7", "def f():\n    return m"],
        ["if True:\n    def g():\n        return 7", "def f():\n    return g()"],
        ["from math import *", "def f():\n    return floor(7.5)"],
        ["def deco(g):\n    return lambda: 7", "@deco\ndef f():\n    return 1"],
        ["n = 7", "def f(n=n):\n    return n"],
        ["n = 7", "class Box:\n    value = n", "def f():\n    return Box.value"],
        ["a = 1; b = 7", "def f():\n    return b"],
        ["x = (\n    7\n)", "def f():\n    return x"],
        ["def f():\n    text = '''\n%who\nwhat?\n'''\n    return 7 if text.count('%') else 0"],
        ["x = (21\n  % 14)", "def f():\n    return x"],
        ["def f():\n    return 7  # or 8?"],
        ["text = 'eins\u2028zwei\x0cdrei'\ny = 7", "def f():\n    return y"],
        ["wort = '词'; y = 7", "def f():\n    return y"],
    ],
)
def test_finds_what_belongs_to_a_name(cells):
    source = extract(cells, ["f"])
    assert run(source)["f"]() == 7


@pytest.mark.parametrize(
    "cell",
    [
        "%matplotlib inline\nimport math\ndef f():\n    return 7",
        "!pip install evil\ndef f():\n    return 7",
        "files = !ls\ndef f():\n    return 7",
        "f?\ndef f():\n    return 7\nf??",
        "?f\ndef f():\n    return 7",
        "%%time\ndef f():\n    return 7",
        "if True:\n    %time 1 + 1\ndef f():\n    return 7",
    ],
)
def test_magics_are_dropped(cell):
    source = extract([cell], ["f"])
    assert run(source)["f"]() == 7
    assert "!" not in source
    assert "%" not in source


@pytest.mark.parametrize("cell", ["%%bash\nrm -rf ~", "%%writefile checks.py\ndef f():\n    return 1"])
def test_cells_of_other_languages_define_nothing(cell):
    with pytest.raises(InvalidInput, match="not defined: f"):
        extract([cell], ["f"])


def test_future_imports_stand_first():
    source = extract(["x: int = 1", "from __future__ import annotations\ndef f(a: Later):\n    return 7"], ["f"])
    assert run(source)["f"](0) == 7


@pytest.mark.parametrize(
    "cells",
    [
        ["import math as m", "def f(x=m.floor(7.5)):\n    return x", "import math as m"],
        ["Number = int", "def f(x: Number = 7) -> Number:\n    return x", "Number = int"],
        ["def deco(g):\n    return lambda: 7", "@deco\ndef f(): ...", "def deco(g):\n    return lambda: 7"],
        ["def h(): return 7", "TABLE = [h() for _ in range(1)]", "def f(): return TABLE[0]", "def h():\n    return 7"],
        ["class A: n = 7", "class B(A): ...", "def f(): return B.n", "class A:\n    n = 7"],
        ["def f(): return T", "def g(): return f.__name__ and 7", "T = g()"],
        ["n = 7", "class C:\n    m = n", "def f(): return C.m", "n = 7"],
    ],
)
def test_what_was_defined_again_is_there_when_it_is_needed(cells):
    assert run(extract(cells, ["f"]))["f"]() == 7


def test_too_long_a_chain_of_definitions():
    cells = [f"def f{n}(x=f{n + 1}): return 1" for n in range(3000)] + ["f3000 = 1"]
    with pytest.raises(FormatError, match="too long a chain"):
        extract(cells, ["f0"])


def test_says_what_is_missing_and_in_which_cell_it_may_stand():
    with pytest.raises(InvalidInput, match=r"not defined: g; there is a cell .* \(SyntaxError"):
        extract(["def f(): return 1", "def g(:\n    pass"], ["f", "g"])


def test_a_broken_cell_harms_no_other():
    assert "return 7" in extract(["def (", "def f():\n    return 7"], ["f"])


@pytest.mark.parametrize(
    "text", ["(" * 100_000, "-" * 200_000 + "1", "a" + ".b" * 100_000, "1" + "+1" * 100_000, "x = '\x00'", "\ud800"]
)
def test_a_cell_that_breaks_parsers_is_a_broken_cell(text):
    assert "return 7" in extract([text, "def f():\n    return 7"], ["f"])


def test_more_code_than_any_exercise_asks_for():
    with pytest.raises(FormatError, match="KiB of code"):
        extract(["#" * MAX_CODE, "def f():\n    return 7"], ["f"])


@given(st.text(max_size=200))
def test_no_text_causes_another_error(text):
    assert "def f" in extract([text, "def f():\n    return 7"], ["f"])


def test_reads_notebooks_and_files(notebook, tmp_path):
    assert code_cells(notebook("a.ipynb", "x = 1", "y = 2\nz = 3")) == ["x = 1", "y = 2\nz = 3"]
    file = tmp_path / "a.py"
    file.write_bytes(b"\xef\xbb\xbfx = 1\n")
    assert code_cells(file) == ["x = 1\n"]


DAMAGED = [
    b"",
    b"[]",
    b"{",
    b'{"cells": 3}',
    b'{"cells": [{}]}',
    b'{"cells": [{"cell_type": "code", "source": [1]}]}',
    b'{"cells": [7]}',
    b"\xff\xfe",
    b"[" * 200_000,
]


@pytest.mark.parametrize("data", DAMAGED)
def test_a_damaged_notebook_is_a_format_error(data):
    with pytest.raises(FormatError, match=r"a\.ipynb"):
        cells_of("a.ipynb", data)
