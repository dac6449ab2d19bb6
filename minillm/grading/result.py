"""What grading finds out: items, feedback, and an exercise's result, as data."""

import re
from dataclasses import dataclass, field
from typing import Any

from minillm.grading.exercise import Exercise

# Terminal escape sequences (CSI, OSC and single ones), then every other control character.
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b.|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# Marks that turn the direction of writing, and halves of characters, which no terminal or file can take.
_TRICKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def plain(text: str, limit: int = 4000) -> str:
    """Text of a submission without anything that a terminal or a reader's eye could be tricked with."""
    clean = _TRICKS.sub("", _ESCAPES.sub("", text))
    return clean if len(clean) <= limit else clean[:limit] + "..."


def one_line(text: str, limit: int = 300) -> str:
    """The same on one line, for lists and logs, in which a line of its own could pass for one of ours."""
    return " ".join(plain(text, limit).split())


@dataclass
class Feedback:
    """What a learner is told of a failed check, most useful first. All of it is plain text.

    Attributes:
        called: The last call, with shapes.
        problem: What is wrong, in a sentence.
        index: First place that differs.
        expected: A few of the expected numbers.
        got: The same places of what came.
        cause: Id of the misconception that gives just this.
        printed: What the submission printed.
        traceback: Where its own code raised.
    """

    called: str = ""
    problem: str = ""
    index: str = ""
    expected: str = ""
    got: str = ""
    cause: str = ""
    printed: str = ""
    traceback: str = ""

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            setattr(self, name, plain(getattr(self, name)))


@dataclass
class Item:
    """The outcome of one check: ``passed``, ``failed`` or ``not graded``."""

    name: str
    points: int
    status: str
    seconds: float = 0.0
    feedback: Feedback = field(default_factory=Feedback)

    @property
    def earned(self) -> int:
        """All its points or none."""
        return self.points if self.status == "passed" else 0


@dataclass
class Result:
    """One exercise of one submission.

    Attributes:
        exercise: Which.
        items: One an expected check.
        sandbox: The sandbox it ran in, such as ``L1 (bubblewrap)``.
        tier: ``L0`` or ``L1``.
        seed: With which a run can be repeated.
    """

    exercise: Exercise
    items: list[Item]
    sandbox: str
    tier: str
    seed: int

    @property
    def earned(self) -> int:
        """Points earned."""
        return sum(item.earned for item in self.items)

    @property
    def possible(self) -> int:
        """Points of the checks that could be run here; the others leave the total."""
        return sum(item.points for item in self.items if item.status != "not graded")

    @property
    def verdict(self) -> str:
        """``graded`` where the sandbox was L1, else ``practice``."""
        return "graded" if self.tier == "L1" else "practice"

    @property
    def passed(self) -> bool:
        """Whether every check that could be run has passed, and there was one."""
        return self.possible > 0 and self.earned == self.possible

    def as_json(self) -> dict[str, Any]:
        """The result as plain data, for files."""
        return {
            "exercise": self.exercise.id,
            "title": self.exercise.title,
            "earned": self.earned,
            "possible": self.possible,
            "verdict": self.verdict,
            "sandbox": self.sandbox,
            "seed": self.seed,
            "items": [
                {
                    "check": item.name,
                    "status": item.status,
                    "points": item.points,
                    "earned": item.earned,
                    "seconds": round(item.seconds, 3),
                    **{name: value for name, value in vars(item.feedback).items() if value},
                }
                for item in self.items
            ],
        }
