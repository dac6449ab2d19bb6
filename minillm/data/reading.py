"""Reading the reader's own files: plain text, or JSON lines with the text in one field."""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from minillm.data.corpus import Document
from minillm.errors import FormatError, InvalidInput

StrPath = str | os.PathLike[str]


def read_files(paths: StrPath | Sequence[StrPath], text_field: str = "text") -> tuple[Document, ...]:
    """Read text files, one document each, and ``.jsonl`` files, one document a line.

    Args:
        paths: One path or several; all in UTF-8.
        text_field: The field of a ``.jsonl`` line that holds the text.

    Returns:
        The documents, in the order given. Ids are the paths, with ``:line`` for JSON lines.

    Raises:
        InvalidInput: A path is no file, is given twice, or there is none.
        FormatError: A file is empty, is not UTF-8, or has a line that is not JSON with that field.

    Example:
        >>> read_files("notes.txt")  # doctest: +SKIP
        (Document(id='notes.txt', text='...', words=()),)

    Source: None; plain book-keeping.
    """
    chosen = [Path(paths)] if isinstance(paths, str | os.PathLike) else [Path(path) for path in paths]
    if not chosen:
        raise InvalidInput("no path given; pass one file or more.")
    for path in chosen:
        _check(path, chosen)
    return tuple(document for path in chosen for document in _documents(path, text_field))


def _check(path: Path, chosen: list[Path]) -> None:
    if path.is_dir():
        example = f'sorted(Path("{path}").glob("*.txt"))'
        raise InvalidInput(f"{path} is a folder; allowed are files. Pass its files, as in {example}.")
    if not path.exists():
        raise InvalidInput(f"{path} does not exist, seen from {Path.cwd()}. Pass the path of a text file.")
    if chosen.count(path) > 1:
        raise InvalidInput(f"{path} is given {chosen.count(path)} times; pass every file once.")


def _documents(path: Path, text_field: str) -> Iterator[Document]:
    text = _decode(path)
    if path.suffix.lower() != ".jsonl":
        yield Document(str(path), text)
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield Document(f"{path}:{number}", _field(line, text_field, f"{path}, line {number}"))


def _decode(path: Path) -> str:
    """The text of a file, with line ends as one newline and without a byte order mark."""
    data = path.read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(
            f"{path} is not UTF-8 text: byte {error.start} is 0x{data[error.start]:02x}. If it is text in another "
            f"encoding, convert it first, as in: iconv -f gb18030 -t utf-8 {path.name} > utf8.txt"
        ) from None
    if "\0" in text:
        raise FormatError(f"{path} is binary: byte {data.index(0)} is 0. Pass a text file.")
    if not text.strip("\ufeff \t\r\n"):
        raise FormatError(f"{path} is empty; pass a file with text in it.")
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _field(line: str, text_field: str, where: str) -> str:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise FormatError(
            f"{where}: not JSON ({error.msg}, column {error.colno}). One object a line is needed."
        ) from None
    if not isinstance(record, dict) or not isinstance(record.get(text_field), str):
        held = f"fields {sorted(record)}" if isinstance(record, dict) else f"a {type(record).__name__}"
        raise FormatError(f"{where}: needed is an object with text in {text_field!r}, found {held}. Set text_field.")
    return str(record[text_field])
