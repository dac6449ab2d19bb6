"""The examples of a statement, read from its tables of calls and results, for a comparison with the solution."""

import re
from collections.abc import Iterator
from typing import Any

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)
_SETTING = re.compile(r"`(\w+ = [^`]+)`")
_ROW = re.compile(r"^\| `([^`]+)` \| .*?`([^`]+)`[^`]*\|$", flags=re.MULTILINE)


def namespace(statement: str, solution: str) -> dict[str, Any]:
    """What the examples may use: the solution's names, and what the statement defines."""
    names: dict[str, Any] = {}
    exec(solution, names)
    for language, block in _FENCE.findall(statement):
        if language == "python":
            exec(block, names)
        else:
            names["text"] = block
    for setting in _SETTING.findall(_FENCE.sub("", statement)):
        exec(setting, names)
    return names


def examples(statement: str) -> Iterator[tuple[str, str]]:
    """Pairs of a call and the result that the statement gives for it."""
    for call, result in _ROW.findall(statement):
        if "(" in call and "(..." not in call:
            yield call, result


def value(result: str, names: dict[str, Any]) -> Any:
    """A result as it is written: an expression, perhaps with digits cut off at ``...``, or after the last ``=``."""
    return eval(re.sub(r"(?<=\d)\.\.\.", "", result.rsplit(" = ", 1)[-1]), dict(names))


def same(got: Any, said: Any) -> bool:
    """Whether they agree to the digits that a statement gives."""
    if hasattr(got, "tolist"):
        got = got.tolist()
    if isinstance(said, dict):
        return got.keys() == said.keys() and all(same(got[key], said[key]) for key in said)
    if isinstance(said, list | tuple):
        return len(got) == len(said) and all(map(same, got, said))
    return got == said or abs(got - said) <= 1e-4
