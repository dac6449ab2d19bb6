"""What checks compare with: exact type, dtype, shape and finiteness first, then the numbers.

A failed comparison carries what a learner needs to see: the first place that differs, a few numbers of both sides,
and the likely cause where the value is one that a known mistake gives.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

SHOWN = 6


class Mismatch(AssertionError):
    """A value is not what it should be.

    Attributes:
        problem: What differs, in a sentence.
        index: Where, for arrays and lists.
        expected: A few of the numbers that were expected.
        got: The same places of what came.
        cause: Id of the misconception that would give just this value.
    """

    def __init__(self, problem: str, *, index: str = "", expected: str = "", got: str = "", cause: str = "") -> None:
        super().__init__(problem)
        self.problem, self.index, self.expected, self.got, self.cause = problem, index, expected, got, cause


def equal(got: Any, expected: Any, *, causes: Mapping[str, Any] | None = None) -> None:
    """Require the same type and the same value, nested values included.

    Args:
        got: What the submission returned.
        expected: What is right.
        causes: From misconception id to the value that this mistake gives.

    Raises:
        Mismatch: They differ.
    """
    _compare(got, expected, rtol=0.0, atol=0.0, causes=causes or {})


def close(
    got: Any, expected: Any, *, rtol: float = 1e-6, atol: float = 1e-9, causes: Mapping[str, Any] | None = None
) -> None:
    """Require the same type, dtype and shape, finite numbers, and values within a tolerance.

    Args:
        got: What the submission returned.
        expected: What is right: a float, an array, a tensor, or lists, tuples and dicts of them.
        rtol: Relative tolerance.
        atol: Absolute tolerance; keep it well below the size of what is expected.
        causes: From misconception id to the value that this mistake gives.

    Raises:
        Mismatch: They differ.
    """
    _compare(got, expected, rtol=rtol, atol=atol, causes=causes or {})


def is_true(condition: Any, problem: str, *, cause: str = "") -> None:
    """Require a property, with a sentence that says what was expected.

    Raises:
        Mismatch: The property does not hold, or what was given is no yes or no: a text or a list would count as yes.
    """
    if str(getattr(condition, "dtype", type(condition).__name__)).removeprefix("torch.") != "bool" or not condition:
        raise Mismatch(problem, cause=cause)


def _compare(got: Any, expected: Any, *, rtol: float, atol: float, causes: Mapping[str, Any]) -> None:
    try:
        _same(got, expected, rtol, atol, "")
    except Mismatch as mismatch:
        for cause, wrong in causes.items():
            try:
                _same(got, wrong, rtol, atol, "")
            except Mismatch:
                continue
            mismatch.cause = cause
            break
        raise


def _same(got: Any, expected: Any, rtol: float, atol: float, path: str) -> None:
    if type(got) is not type(expected):
        raise Mismatch(f"{_place(path)}the type is {_name(got)} where {_name(expected)} is expected", got=_short(got))
    if isinstance(expected, list | tuple):
        if len(got) != len(expected):
            raise Mismatch(f"{_place(path)}the length is {len(got)} where {len(expected)} is expected")
        for i, (a, b) in enumerate(zip(got, expected, strict=True)):
            _same(a, b, rtol, atol, f"{path}[{i}]")
    elif isinstance(expected, dict):
        _same_members(got, expected, "keys", path)
        for key, value in expected.items():
            _same(got[key], value, rtol, atol, f"{path}[{key!r}]")
    elif isinstance(expected, set | frozenset):
        _same_members(got, expected, "members", path)
    elif hasattr(expected, "dtype"):
        _same_array(got, expected, rtol, atol, path)
    elif isinstance(expected, float):
        _same_array(np.float64(got), np.float64(expected), rtol, atol, path)
    elif got != expected:
        raise Mismatch(f"{_place(path)}the value differs", index=path, expected=_short(expected), got=_short(got))


def _same_members(got: Any, expected: Any, what: str, path: str) -> None:
    """The same keys or members, told apart as written: 1, 1.0 and True are equal, and yet three answers."""
    come, wanted = {_exactly(value): value for value in got}, {_exactly(value): value for value in expected}
    if come.keys() != wanted.keys():
        missing = [value for exact, value in wanted.items() if exact not in come]
        extra = [value for exact, value in come.items() if exact not in wanted]
        raise Mismatch(f"{_place(path)}{what} missing: {_few(missing)}; {what} too many: {_few(extra)}")


def _exactly(value: Any) -> Any:
    """A key with its type, and with the types inside it."""
    if isinstance(value, np.generic):
        value = value.item()  # as it comes from a submission
    if isinstance(value, tuple | frozenset):
        return type(value), type(value)(map(_exactly, value))
    return type(value), value


def _same_array(got: Any, expected: Any, rtol: float, atol: float, path: str) -> None:
    if got.dtype != expected.dtype:
        raise Mismatch(f"{_place(path)}the dtype is {got.dtype} where {expected.dtype} is expected")
    if tuple(got.shape) != tuple(expected.shape):
        raise Mismatch(f"{_place(path)}the shape is {list(got.shape)} where {list(expected.shape)} is expected")
    a, b = _numbers(got), _numbers(expected)
    bad_finite = ~np.isfinite(a) & np.isfinite(b)
    wrong = np.asarray(a != b)
    if b.dtype.kind in "fc":
        with np.errstate(invalid="ignore"):
            wrong &= ~(np.isfinite(b) & (np.abs(a - b) <= atol + rtol * np.abs(b)))  # to infinity nothing is near
    if not wrong.any():
        return
    first = np.argwhere(wrong)[0] if wrong.ndim else ()
    index = path + (f"[{', '.join(map(str, first))}]" if len(first) else "")
    some = wrong.nonzero() if wrong.ndim else ()
    few = tuple(axis[:SHOWN] for axis in some)
    share = f"{int(wrong.sum())} of {wrong.size} numbers" if wrong.ndim else "the number"
    kind = "not finite" if bad_finite.any() else "wrong"
    verb = "are" if wrong.ndim and wrong.sum() > 1 else "is"
    expected, got = _few_of(b[few] if few else b, a[few] if few else a)
    raise Mismatch(f"{_place(path)}{share} {verb} {kind}", index=index, expected=expected, got=got)


def _numbers(value: Any) -> np.ndarray:
    """Any array or tensor as float64 or complex128; booleans and integers, which have no tolerance, as they are."""
    if hasattr(value, "detach"):
        value = value.detach()
        value = (value.double() if value.is_floating_point() else value).numpy()
    value = np.asarray(value)
    return (
        value if value.dtype.kind in "biu" else value.astype(np.complex128 if value.dtype.kind == "c" else np.float64)
    )


def _few_of(expected: np.ndarray, got: np.ndarray) -> tuple[str, str]:
    """Both as text, with as many digits as it takes to see that they differ."""
    texts = ("", "")
    for digits in (6, 9, 12, 17):
        texts = (_as_text(expected, digits), _as_text(got, digits))
        if texts[0] != texts[1]:
            break
    return texts


def _as_text(values: np.ndarray, digits: int) -> str:
    inexact = values.dtype.kind in "fc"
    return ", ".join(f"{number:.{digits}g}" if inexact else f"{number}" for number in np.atleast_1d(values))


def _few(keys: Any) -> str:
    shown = sorted(map(_short, keys))
    return ", ".join(shown[:SHOWN]) + (", ..." if len(shown) > SHOWN else "") if shown else "none"


def _place(path: str) -> str:
    return f"at {path}, " if path else ""


def _name(value: Any) -> str:
    kind = type(value)
    return {"ndarray": "numpy array", "Tensor": "torch tensor"}.get(kind.__name__, kind.__name__)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
