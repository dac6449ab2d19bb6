"""The fixture ``submission``: a learner's code as a check sees it, every call crossing to a worker."""

import builtins
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minillm.grading import wire
from minillm.grading.pod import Connection, Limits, Pod

MAX_ITEMS = 10_000

# Exceptions that the judge raises as what they are. Not among them: what ends a process or, in the middle of a check,
# a loop, and what cannot be made of a message alone.
_BUILT_IN = {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type)
    and issubclass(kind, Exception)
    and not issubclass(kind, StopIteration | StopAsyncIteration | BaseExceptionGroup)
    and name not in ("Exception", "UnicodeDecodeError", "UnicodeEncodeError", "UnicodeTranslateError")
}


class SubmissionError(Exception):
    """The submission raised an exception where the check expected a value."""

    raised: wire.Raised


class NotAValue(Exception):
    """The submission returned something that is no plain value."""


class InputChanged(Exception):
    """The submission changed an argument in place."""


@dataclass
class Seen:
    """What was measured while calls ran.

    Attributes:
        seconds: On the judge's clock.
        peak_bytes: By how much the worker's memory rose at its highest, as the kernel counts it; 0 if unknown.
        largest_elements: Elements of the largest tensor that torch made.
        operators: How often each operator of torch ran.
    """

    seconds: float = 0.0
    peak_bytes: int = 0
    largest_elements: int = 0
    operators: dict[str, int] = field(default_factory=dict)


class Session:
    """One worker with one submission loaded, and what the judge remembers of its calls."""

    def __init__(
        self,
        pod: Pod,
        source: str,
        *,
        filename: str,
        forbid: dict[str, str],
        limits: Limits,
        seed: int,
        user: int | None = None,
    ) -> None:
        self.seed, self.last_call = seed, ""
        self.seen: Seen | None = None
        self.connection: Connection = pod.spawn(limits, user)
        answer = self.ask("load", source=source, filename=filename, forbid=forbid, seed=seed)
        self.last_call = "loading the file"
        self.value_of(answer)

    def call(self, handle: wire.Handle | None, name: str | None, args: Sequence[Any], options: dict[str, Any]) -> Any:
        """Send one call across and hand back its value, or raise what went wrong."""
        answer = self.answer_to(handle, name, args, options)
        value = self.value_of(answer)
        if answer.get("changed") and not options.get("may_change"):
            names = ", ".join(map(str, answer["changed"]))
            raise InputChanged(
                f"argument {names} was changed in place, its numbers or whether it asks for gradients: work on a copy"
            )
        if type(value) is not wire.Handle:
            return value
        # Only what a check asked to keep has methods: else an object could stand in for a value and answer for it.
        return Remote(self, value) if options.get("keep") else self.items(value)

    def ask(self, op: str, **arguments: Any) -> dict[str, Any]:
        """Send one request; while a measurement runs, add up what it cost."""
        seen, connection = self.seen, self.connection
        if seen is None:
            return connection.request(op, probe=False, **arguments)
        memory, spent = connection.held_bytes(), connection.spent
        answer = connection.request(op, probe=True, **arguments)
        seen.seconds += connection.spent - spent
        seen.peak_bytes = max(seen.peak_bytes, connection.peak_bytes() - memory)
        self._note(answer.get("probe"))
        return answer

    def items(self, handle: wire.Handle | None) -> Iterator[Any]:
        """What an iterator in the worker yields, one request an item."""
        for _ in range(MAX_ITEMS):
            answer = self.ask("next", handle=handle)
            value = self.value_of(answer)
            if answer.get("end"):
                return
            yield value
        raise NotAValue(f"it yields more than {MAX_ITEMS} items")

    def answer_to(self, handle: Any, name: str | None, args: Sequence[Any], options: dict[str, Any]) -> dict[str, Any]:
        """The raw answer to one call."""
        self.last_call = f"{name or 'it'}({', '.join(map(describe, args))})"
        return self.ask(
            "call",
            handle=handle,
            name=name,
            args=[_crossing(arg) for arg in args],
            kwargs={key: _crossing(value) for key, value in options.get("kwargs", {}).items()},
            keep=options.get("keep", False),
            upstream=options.get("upstream"),
            seed=options.get("seed", self.seed),
        )

    def _note(self, probe: Any) -> None:
        """Add what the worker says it saw; nonsense counts as nothing seen."""
        if self.seen is None or type(probe) is not dict:
            return
        largest, operators = probe.get("largest_elements"), probe.get("operators")
        if type(largest) is int:
            self.seen.largest_elements = max(self.seen.largest_elements, largest)
        for name, times in operators.items() if type(operators) is dict else ():
            if type(name) is str and type(times) is int:
                self.seen.operators[name] = self.seen.operators.get(name, 0) + times

    def value_of(self, answer: dict[str, Any]) -> Any:
        """The value in an answer.

        Raises:
            SubmissionError: The submission raised; the error is an instance of the built-in type as well, so that
                ``pytest.raises(ValueError)`` reads as usual.
            NotAValue: It returned what cannot cross.
        """
        if "raised" in answer:
            raise _as_exception(answer["raised"])
        if "unsendable" in answer:
            raise NotAValue(f"it returned {answer['unsendable']}")
        return answer.get("value")


class Remote:
    """An object that lives in the worker: methods are called, attributes read and parameters listed across."""

    def __init__(self, session: Session, handle: wire.Handle | None) -> None:
        self._session, self._handle = session, handle

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def method(*args: Any, **kwargs: Any) -> Any:
            return self._session.call(self._handle, name, args, {"kwargs": kwargs})

        method.__name__ = name
        return method

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the object itself."""
        return self._session.call(self._handle, None, args, {"kwargs": kwargs})

    def __iter__(self) -> Iterator[Any]:
        return self._session.items(self._handle)

    def get(self, name: str) -> Any:
        """The value of an attribute."""
        self._session.last_call = f".{name}"
        return self._session.value_of(self._session.ask("get", handle=self._handle, name=name))

    def value_and_grads(self, name: str, *args: Any, upstream: Any, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        """Call, then run the backward pass.

        Args:
            name: The function or method.
            *args: Tensors that ask for gradients (``requires_grad_()``) get them.
            upstream: Gradient of the loss by the value, of the value's shape.
            **kwargs: As the function takes them.

        Returns:
            The value, and gradients by argument (``"0"``, ``"1"``, ..., or keyword) and by parameter name.
        """
        answer = self._session.answer_to(self._handle, name, args, {"kwargs": kwargs, "upstream": upstream})
        value = self._session.value_of(answer)
        gradients = answer.get("gradients")
        if type(gradients) is not dict:
            raise NotAValue("it has no gradients")
        return value, gradients

    def named_parameters(self) -> dict[str, Any]:
        """A torch module's parameters by name."""
        return self._parameters(gradients=False)

    def named_gradients(self) -> dict[str, Any]:
        """The gradients that the module's parameters hold."""
        return self._parameters(gradients=True)

    def _parameters(self, gradients: bool) -> dict[str, Any]:
        value = self._session.value_of(self._session.ask("parameters", handle=self._handle, gradients=gradients))
        if type(value) is not dict:
            raise NotAValue("it has no parameters")
        return value


class Submission(Remote):
    """The learner's module: ``submission.name(...)`` calls its function ``name`` in the worker."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, None)

    def build(self, name: str, *args: Any, **kwargs: Any) -> Remote:
        """Make an instance of a class, or keep whatever a function returns, in the worker."""
        return self._session.call(None, name, args, {"kwargs": kwargs, "keep": True})

    def changing(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Call a function that is allowed to change its arguments."""
        return self._session.call(None, name, args, {"kwargs": kwargs, "may_change": True})

    @contextmanager
    def measure(self) -> Iterator[Seen]:
        """Measure the calls made in the block."""
        seen = self._session.seen = Seen()
        try:
            yield seen
        finally:
            self._session.seen = None

    @property
    def printed(self) -> str:
        """What the submission printed so far."""
        return self._session.connection.output


def _crossing(value: Any) -> Any:
    """A remote object goes back to its worker as the handle it stands for."""
    if isinstance(value, Remote):
        return value._handle
    return value


def _as_exception(raised: Any) -> SubmissionError:
    if type(raised) is not wire.Raised:
        raise NotAValue("it sent a malformed exception")
    kind = next((_BUILT_IN[base] for base in raised.bases if base in _BUILT_IN), None)
    name = raised.kind if raised.kind.isidentifier() else "Exception"
    error = type(name, (SubmissionError, kind) if kind else (SubmissionError,), {})(raised.message)
    error.raised = raised
    return error


def describe(value: Any) -> str:
    """A value in a few words, for a report: shapes, not contents."""
    kind = type(value)
    if kind is Remote:  # which seems to have every attribute
        return "an object built before"
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        module = "array" if kind is np.ndarray else "tensor"
        return f"{module}{list(value.shape)} {str(value.dtype).removeprefix('torch.')}"
    if kind in (list, tuple, set, dict) and len(repr(value)) > 60:
        return f"{kind.__name__} of {len(value)}"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
