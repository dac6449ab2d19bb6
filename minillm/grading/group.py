"""Grading a whole class: each submission costs only itself, and what was graded once is not graded again."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import minillm
from minillm.errors import MinillmError
from minillm.grading.collect import Submission
from minillm.grading.exercise import Exercise
from minillm.grading.reader import Reader
from minillm.grading.reports import Record, record, write_json
from minillm.grading.result import Feedback, Item, Result
from minillm.grading.sandbox import OTHER_USER, Sandbox
from minillm.grading.service import Task, grade_all

_NOTHING = "nothing was handed in"


@dataclass(frozen=True)
class Group:
    """How a class is graded.

    Attributes:
        exercises: What each submission is graded on.
        sandbox: Where submissions run.
        seed: For a replay; fresh for each submission by default.
        judges: How many are graded at once.
        folder: Where each one's JSON is kept, to go on after an interruption; nowhere by default.
        afresh: Grade again what was graded before.
    """

    exercises: Sequence[Exercise]
    sandbox: Sandbox
    seed: int | None = None
    judges: int = 1
    folder: Path | None = None
    afresh: bool = False

    def read(self, named: Iterable[tuple[str, Path]], prefix: str) -> list[Submission]:
        """Read the submissions at some paths, looking for exercises whose ids start with ``prefix``."""
        reader = Reader()
        try:
            return [reader.collect(name, path, prefix) for name, path in named]
        finally:
            reader.close()

    def grade(self, submissions: Sequence[Submission]) -> Iterator[tuple[Submission, Record | MinillmError]]:
        """Grade submissions; each record is on the disk before it is handed out.

        Args:
            submissions: With unique names.

        Yields:
            A submission and its record as soon as there is one, or the error that kept it from being graded.
        """
        waiting: dict[str, Submission] = {}
        for submission in submissions:
            kept = None if self.afresh else self._kept(submission)
            if kept is not None:
                yield submission, kept
            elif submission.sources.keys() <= set(submission.untouched):
                yield submission, self._finish(submission, [])
            else:
                waiting[submission.name] = submission
        tasks = [(name, self._task(submission)) for name, submission in waiting.items()]
        for name, results in grade_all(tasks, self.judges) if tasks else ():
            submission = waiting[name]
            graded = results if isinstance(results, MinillmError) else self._finish(submission, results)
            yield submission, graded

    def _task(self, submission: Submission) -> Task:
        written = submission.sources.keys() - submission.untouched
        sources = {e: submission.sources[e.id] for e in self.exercises if e.id in written}
        # "L0" would be content with less than another user's process.
        return Task(sources, require=None if self.sandbox == OTHER_USER else self.sandbox.tier, seed=self.seed)

    def _finish(self, submission: Submission, results: Sequence[Result]) -> Record:
        by_id = {result.exercise.id: result for result in results}
        whole = [by_id.get(exercise.id) or self._missing(exercise, submission) for exercise in self.exercises]
        done = record(
            submission,
            whole,
            digest=self._digest(submission),
            sandbox=str(self.sandbox),
            tier=self.sandbox.tier,
        )
        if self.folder is not None:
            write_json(done, self.folder / _file_name(submission.name))
        return done

    def _missing(self, exercise: Exercise, submission: Submission) -> Result:
        """Nothing was handed in: no points, out of the same total as everyone else's."""
        unchanged = "the stub is as it was given out" if exercise.id in submission.untouched else ""
        reason = unchanged or submission.reasons.get(exercise.id)
        problem = f"{_NOTHING}: {reason}" if reason else _NOTHING
        absent = "gpu" in exercise.needs and not _has_gpu()
        status = "not graded" if absent else "failed"
        items = [Item(name, points, status, 0.0, Feedback(problem=problem)) for name, points in exercise.points.items()]
        return Result(exercise, items, str(self.sandbox), self.sandbox.tier, self.seed or 0)

    def _digest(self, submission: Submission) -> str:
        """Of all that a grade depends on: what was handed in, what it is held against, and where it runs."""
        parts = [minillm.__version__, str(self.sandbox), str(self.seed), *submission.notes]
        for exercise in self.exercises:
            parts += [exercise.id, submission.sources.get(exercise.id, ""), submission.reasons.get(exercise.id, "")]
            parts += [(exercise.folder / name).read_text(encoding="utf-8") for name in ("checks.py", "meta.toml")]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def _kept(self, submission: Submission) -> Record | None:
        """The record of an earlier run, if nothing that it depends on has changed."""
        if self.folder is None:
            return None
        try:
            kept = json.loads((self.folder / _file_name(submission.name)).read_text(encoding="utf-8"))
            return dict(kept) if kept["digest"] == self._digest(submission) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None


def _file_name(name: str) -> str:
    """A file name that any system takes; where that is another name, it carries a digest so that no two meet."""
    safe = re.sub(r"[^\w.\- ]", "_", name)[:80].strip(". ") or "submission"
    if safe != name:
        safe = f"{safe}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return f"{safe}.json"


def _has_gpu() -> bool:
    """Asked only where an exercise needs one, for it takes torch to answer."""
    import torch

    return torch.cuda.is_available()
