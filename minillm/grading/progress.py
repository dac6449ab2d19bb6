"""What a learner has done so far: one small file beside the work."""

import json
import os
from pathlib import Path
from typing import Any

from minillm.errors import FormatError
from minillm.files import atomic_write
from minillm.grading.result import Result

FOLDER = ".minillm"
_NEW = {"tries": 0, "best": 0, "possible": 0, "hints": 0, "seen": False}


class Progress:
    """Tries, points and hints by exercise.

    Args:
        start: Where to look for the file: here or in a folder above, as the work may lie in a subfolder. Where there
            is none, it will be made here.

    Raises:
        FormatError: The file is there and damaged.
    """

    def __init__(self, start: Path | None = None) -> None:
        named = os.environ.get("MINILLM_PROGRESS")
        here = (start or Path.cwd()).resolve()
        known = (folder / FOLDER for folder in (here, *here.parents))
        found = Path(named) if named else next((folder for folder in known if folder.is_dir()), here / FOLDER)
        self.file = found / "progress.json"
        self.records: dict[str, dict[str, Any]] = {}
        if self.file.exists():
            try:
                records = dict(json.loads(self.file.read_text(encoding="utf-8")))
                self.records = {name: _record(record) for name, record in records.items()}
            except (ValueError, TypeError) as error:
                raise FormatError(
                    f"{self.file} is damaged ({error}): repair it, or delete it to start afresh"
                ) from None

    def of(self, name: str) -> dict[str, Any]:
        """The record of one exercise."""
        return self.records.setdefault(name, dict(_NEW))

    def note(self, result: Result) -> None:
        """Remember a try."""
        record = self.of(result.exercise.id)
        record["tries"] += 1
        record["possible"] = result.possible
        record["best"] = max(record["best"], result.earned)
        self.save()

    def passed(self, name: str) -> bool:
        """Whether an exercise has been solved at least once."""
        record = self.records.get(name, {})
        return bool(record.get("possible")) and record["best"] >= record["possible"]

    def save(self) -> None:
        """Write the file."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(self.file) as file:
            json.dump(self.records, file, indent=1)


def _record(record: Any) -> dict[str, Any]:
    """A record as it was read, completed where an older version wrote it."""
    whole = _NEW | dict(record)
    if any(type(whole[key]) is not type(value) for key, value in _NEW.items()):
        raise ValueError("a record is not what it should be")
    return whole
