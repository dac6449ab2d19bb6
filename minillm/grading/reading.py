"""The Python files and notebooks of a submission, read from a file, a folder or an archive without trusting any of it.

Archives are read in memory only, nothing is ever unpacked. What is left out is told in a note, never by an exception.
"""

import io
import os
import re
import stat
import zipfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Protocol, runtime_checkable

from minillm.grading.extract import MAX_BYTES
from minillm.grading.result import one_line

MAX_ENTRIES = 1000
MAX_TOTAL = 64 << 20
TAKEN = (".py", ".ipynb")
_MAX_DIRECTORY = 1 << 20
_MAX_NOTES = 20
_PIECE = 1 << 16
_PLAIN_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@runtime_checkable
class Readable(Protocol):
    """Anything with bytes to read, also what an archive makes of an entry."""

    def read(self, size: int, /) -> bytes:
        """Read at most so many bytes."""


@dataclass
class Found:
    """What was read, and what was left out.

    Attributes:
        files: Pairs of a relative name and the content.
        notes: Sentences for the report.
        room: Bytes that may still be read, whether or not they are taken in the end.
    """

    files: list[tuple[str, bytes]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    room: int = MAX_TOTAL

    def note(self, text: str) -> None:
        """Add a sentence; after twenty the rest is silence, for a hostile archive could cause any number."""
        if len(self.notes) < _MAX_NOTES:
            self.notes.append(one_line(text))

    def take(self, name: str, stream: Readable) -> None:
        """Read one file to its end or to a byte past what is allowed, whatever size it announces."""
        if any(name == other for other, _ in self.files):
            self.note(f"{name}: is there more than once, only the first counts")
            return
        data, allowed = bytearray(), min(MAX_BYTES, self.room)
        while len(data) <= allowed and (piece := stream.read(min(_PIECE, allowed + 1 - len(data)))):
            data += piece
            self.room -= len(piece)  # also of what turns out to be damaged or too large: it has cost its time
        if len(data) > allowed:
            self.note(f"{name}: larger than {MAX_BYTES >> 20} MiB, or {MAX_TOTAL >> 20} MiB with the rest; left out")
        else:
            self.files.append((name, bytes(data)))


def read_files(path: Path) -> Found:
    """Read what a submission holds.

    Args:
        path: A ``.py``, ``.ipynb`` or ``.zip`` file, or a folder.

    Returns:
        Its Python files and notebooks; hidden folders and links are left out.
    """
    found = Found()
    try:
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            _read_folder(path, found)
        elif not stat.S_ISREG(mode):
            found.note(f"{path.name}: a link or a device, which is not followed")
        elif path.suffix.lower() == ".zip":
            _read_archive(path, found)
        elif path.suffix.lower() in TAKEN:
            with path.open("rb") as file:
                found.take(path.name, file)
        else:
            found.note(f"{path.name}: only .py, .ipynb and .zip files are read")
    except OSError as error:
        found.note(f"{path.name}: {error.strerror or error}")
    if not found.files and not found.notes:
        found.note("there is no .py file and no notebook in it")
    return found


def _hidden(name: str) -> bool:
    """Whether a file belongs to a tool, not to the learner: checkpoints, caches, environments, resource forks."""
    parts = PurePosixPath(name).parts
    return any(part.startswith(".") or part in ("__pycache__", "__MACOSX", "site-packages") for part in parts)


def _read_folder(folder: Path, found: Found) -> None:
    waiting, seen = [folder], 0
    while waiting:
        here = waiting.pop()
        for entry in sorted(os.scandir(here), key=lambda entry: entry.name):
            name = Path(entry.path).relative_to(folder).as_posix()
            if _hidden(name):
                continue
            seen += 1
            if seen > MAX_ENTRIES:
                found.note(f"more than {MAX_ENTRIES} files; the rest is left out")
                return
            if entry.is_symlink():
                found.note(f"{name}: a link, which is not followed")
            elif entry.is_file() and name.lower().endswith(".zip"):
                _read_archive(Path(entry.path), found, prefix=f"{name}/")
            elif entry.is_dir():
                waiting.append(Path(entry.path))
            elif entry.is_file() and name.lower().endswith(TAKEN):
                if found.room <= 0:
                    found.note(f"more than {MAX_TOTAL >> 20} MiB; the rest is left out")
                    return
                with open(entry.path, "rb") as file:
                    found.take(name, file)


class _Short(io.FileIO):
    """A file that gives no more than a piece at once: the list of an archive's entries is read as one piece."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read a piece.

        Raises:
            BadZipFile: The piece asked for is larger than any honest list of entries.
        """
        data = super().read(_MAX_DIRECTORY + 1 if size is None or size < 0 else min(size, _MAX_DIRECTORY + 1)) or b""
        if len(data) > _MAX_DIRECTORY:
            raise zipfile.BadZipFile(f"its list of entries is larger than {_MAX_DIRECTORY >> 20} MiB")
        return data


def _read_archive(path: Path, found: Found, prefix: str = "") -> None:
    try:
        with _Short(path, "rb") as file, zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_ENTRIES:
                found.note(f"{path.name}: {len(entries)} entries, at most {MAX_ENTRIES} are allowed; it was not read")
                return
            for entry in entries:
                if found.room <= 0:
                    found.note(f"{path.name}: unpacks to more than {MAX_TOTAL >> 20} MiB; the rest is left out")
                    return
                _read_entry(archive, entry, found, prefix)
    except Exception as error:  # the standard library's reader answers damage with many kinds of errors
        found.note(f"{path.name}: a damaged archive: {str(error) or type(error).__name__}")


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, found: Found, prefix: str) -> None:
    name = entry.filename.replace("\\", "/")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if entry.is_dir() or _hidden(name.replace("../", "")):
        return
    if name.startswith("/") or re.match(r"[A-Za-z]:", name) or ".." in name.split("/"):
        found.note(f"{name}: a name that leads out of the archive, left out")
    elif kind not in (0, stat.S_IFREG):
        found.note(f"{name}: a link or a device, left out")
    elif name.lower().endswith(".zip"):
        found.note(f"{name}: an archive inside the archive, left out")
    elif not name.lower().endswith(TAKEN):
        return
    elif entry.flag_bits & 1 or entry.compress_type not in _PLAIN_METHODS:
        found.note(f"{name}: encrypted or compressed in an unusual way, left out")
    else:
        try:
            with archive.open(entry) as stream:
                found.take(prefix + name, stream)
        except Exception as error:
            found.note(f"{name}: damaged: {str(error) or type(error).__name__}")
