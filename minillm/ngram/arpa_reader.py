"""Reading ARPA files, with the line named wherever one is damaged."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, NoReturn

import numpy as np
from jaxtyping import Bool, Float, Int

from minillm.errors import FormatError
from minillm.ngram.arpa import LN_10, LOG_ZERO
from minillm.ngram.packing import find
from minillm.ngram.tables import Tables
from minillm.ngram.vocabulary import BOS, BOS_ID, EOS, EOS_ID, Vocabulary


def read(path: str | os.PathLike[str]) -> Tables:
    """Read a model.

    Args:
        path: The ARPA file, UTF-8.

    Returns:
        The model in back-off form.

    Raises:
        FormatError: The file is not ARPA, cut short, its counts are wrong, a number is bad, or n-grams do not fit
            together. The message names the line.
        OSError: The file cannot be read.

    Example:
        >>> read("model.arpa").order  # doctest: +SKIP
        3

    Source: the SRILM manual, ngram-format(5).
    """
    with open(path, "rb") as file:
        lines = _Lines(file, os.fspath(path))
        declared = _header(lines)
        vocabulary, ids, unigrams = _unigrams(lines, declared[0], highest=len(declared) == 1)
        keys, logp, weight = [np.arange(len(vocabulary))], [unigrams.logp], [unigrams.weight]
        for m, number in enumerate(declared[1:], start=2):
            section = _section(lines, m, number, ids, highest=m == len(declared))
            packed = _pack(section, keys, len(vocabulary), lines)
            order = np.argsort(packed, kind="stable")
            keys.append(packed[order])
            logp.append(section.logp[order])
            weight.append(section.weight[order])
            twice = np.flatnonzero(np.diff(keys[-1]) == 0)
            if len(twice):
                lines.fail("this n-gram was listed before", section.first_line + int(order[twice + 1].min()))
        if lines.next() != "\\end\\":
            lines.fail("expected \\end\\")
    return Tables(vocabulary, tuple(keys), tuple(logp), tuple(weight[:-1]))


@dataclass(frozen=True, eq=False)
class _Section:
    """The n-grams of one order as they stand in the file; the numbers as natural logarithms."""

    words: Int[np.ndarray, "ngrams order"]
    logp: Float[np.ndarray, "ngrams"]
    weight: Float[np.ndarray, "ngrams"]
    first_line: int


class _Lines:
    """The lines of a file, one at a time, and where we are."""

    def __init__(self, file: BinaryIO, path: str | bytes) -> None:
        self._file, self._path, self.number = file, os.fsdecode(path), 0

    def next(self) -> str:
        raw = self._file.readline()
        self.number += 1
        if not raw:
            self.fail("the file ends before \\end\\: it was cut short; write or fetch it again")
        try:
            return raw.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            self.fail("not UTF-8 text, so not an ARPA file")

    def fail(self, problem: str, number: int | None = None) -> NoReturn:
        raise FormatError(f"{self._path}, line {number or self.number}: {problem}")


def _header(lines: _Lines) -> list[int]:
    """The declared number of n-grams of each order."""
    line = lines.next()
    while not line:
        line = lines.next()
    if line != "\\data\\":
        lines.fail(f"expected \\data\\, found {line!r:.40}: this is not an ARPA file")
    declared: list[int] = []
    while line := lines.next():
        name, number = (part.strip() for part in line.partition("=")[::2])
        if name != f"ngram {len(declared) + 1}" or not (number.isascii() and number.isdigit()):
            lines.fail(f"expected 'ngram {len(declared) + 1}=<count>', found {line!r:.40}")
        declared.append(int(number))
    if not declared:
        lines.fail("no 'ngram 1=<count>' after \\data\\")
    return declared


def _unigrams(lines: _Lines, declared: int, *, highest: bool) -> tuple[Vocabulary, dict[str, int], _Section]:
    """The vocabulary, and the unigrams in the order of its ids."""
    listed: dict[str, int] = {}
    section = _section(lines, 1, declared, listed, highest=highest)
    for word in (BOS, EOS):
        if word not in listed:
            lines.fail(f"{word} is missing from the unigrams above")
    vocabulary = Vocabulary(listed)
    rows = np.array([listed.get(word, -1) for word in vocabulary.words])
    # A file may leave out <unk>; then unknown words have probability zero.
    logp = np.where(rows >= 0, section.logp[rows], -np.inf)
    logp[BOS_ID] = -np.inf
    weight = np.where(rows >= 0, section.weight[rows], 0.0)
    ids = {word: number for number, word in enumerate(vocabulary.words) if word in listed}
    return vocabulary, ids, _Section(rows[:, None], logp, weight, section.first_line)


def _section(lines: _Lines, m: int, declared: int, ids: dict[str, int], *, highest: bool) -> _Section:
    """All n-grams of one order; at order 1 the words are entered in ``ids``, later they must be there."""
    if lines.next() != f"\\{m}-grams:":
        lines.fail(f"expected \\{m}-grams:")
    first_line = lines.number + 1
    words: list[int] = []
    logp: list[float] = []
    weight: list[float] = []
    while line := lines.next():
        fields = line.replace("\t", " ").split(" ")
        if len(fields) != m + 1 and (len(fields) != m + 2 or highest):
            lines.fail(f"expected a number, {m} words{'' if highest else ' and maybe a weight'}; found {line!r:.60}")
        logp.append(_number(lines, fields[0], largest=0.0))
        weight.append(_number(lines, fields[-1]) if len(fields) == m + 2 else 0.0)
        if m == 1:
            if fields[1] in ids or not fields[1]:
                lines.fail(f"the word {fields[1]!r:.40} is empty or was listed before")
            ids[fields[1]] = len(ids)
        try:
            words.extend([ids[word] for word in fields[1 : m + 1]])
        except KeyError as error:
            lines.fail(f"the word {error} is not among the unigrams")
    if len(logp) != declared:
        lines.fail(f"{len(logp)} {m}-grams end here, but the header promised {declared}: lines are missing or added")
    return _Section(np.array(words, dtype=np.int64).reshape(-1, m), _natural(logp), _natural(weight), first_line)


def _number(lines: _Lines, text: str, largest: float = math.inf) -> float:
    try:
        value = float(text) if "_" not in text else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value > largest:
        lines.fail(f"{text!r:.40} is not a logarithm" + (" of a probability" if largest == 0 else ""))
    return value


def _natural(log10: Sequence[float]) -> Float[np.ndarray, "ngrams"]:
    values = np.array(log10, dtype=np.float64)
    return np.where(values <= LOG_ZERO, -np.inf, values * LN_10)


def _pack(
    section: _Section, keys: Sequence[Int[np.ndarray, "_"]], size: int, lines: _Lines
) -> Int[np.ndarray, "ngrams"]:
    """Keys of the n-grams; each must have its prefix in the section before."""
    words = section.words
    _refuse_rows(lines, section, (words[:, 1:] == BOS_ID).any(axis=1), f"{BOS} stands inside an n-gram")
    _refuse_rows(lines, section, (words[:, :-1] == EOS_ID).any(axis=1), f"words follow {EOS}")
    rank = words[:, 0]
    for level, column in zip(keys[1:], words.T[1:-1], strict=True):
        rank = np.where(rank >= 0, find(level, rank * size + column), -1)
    _refuse_rows(lines, section, rank < 0, "the n-gram without its last word is not in the section before")
    return rank * size + words[:, -1]


def _refuse_rows(lines: _Lines, section: _Section, bad: Bool[np.ndarray, "ngrams"], problem: str) -> None:
    if bad.any():
        lines.fail(problem, section.first_line + int(np.argmax(bad)))
