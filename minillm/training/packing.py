"""Laying texts end to end and cutting the result into rows of one length, so that no position is padding."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Int64, Integer

from minillm.errors import InvalidInput


def pack(
    texts: Iterable[Sequence[int] | Integer[np.ndarray, "_"]],
    length: int,
    *,
    separator: int | None = None,
    keep_rest: bool = False,
) -> Iterator[Int64[np.ndarray, "_"]]:
    """Concatenate texts and cut them into rows.

    Args:
        texts: Ids, one sequence a text.
        length: Tokens in a row.
        separator: An id to put after each text, such as that of the end of text; None for none.
        keep_rest: Whether what does not fill a row comes last, as a shorter row.

    Yields:
        Rows of ``length`` ids; never an empty one.

    Raises:
        InvalidInput: ``length`` is below 1.

    Example:
        >>> [row.tolist() for row in pack([[1, 2], [3], [4, 5]], 2, separator=0)]
        [[1, 2], [0, 3], [0, 4], [5, 0]]

    Source: Book section 2.3.4, step 3; Raffel et al. (2020), section 3.5.2, https://arxiv.org/abs/1910.10683.
    """
    if length < 1:
        raise InvalidInput(f"length is {length}: a row needs 1 token or more")
    waiting: list[int] = []
    for text in texts:
        waiting.extend(text)
        if separator is not None:
            waiting.append(separator)
        full = len(waiting) - len(waiting) % length
        for start in range(0, full, length):
            yield np.array(waiting[start : start + length], dtype=np.int64)
        del waiting[:full]
    if keep_rest and waiting:
        yield np.array(waiting, dtype=np.int64)


def concatenate_and_chunk(columns: Mapping[str, Sequence[Any]], length: int) -> dict[str, list[list[int]]]:
    """The same for a batch of columns, as ``datasets.map(batched=True)`` passes it.

    The book's version takes the number of rows from the first column. Where that is the text itself, characters are
    counted for tokens, and most rows come out empty; training goes on without a complaint. Here every column must be
    one of ids, and all must tell the same lengths.

    Args:
        columns: Each a list of texts as ids: ``input_ids``, ``attention_mask`` and so on.
        length: Tokens in a row.

    Returns:
        The same columns, cut into rows of ``length``; what does not fill a row is dropped.

    Raises:
        InvalidInput: A column does not hold sequences of ids, two columns differ in their lengths, or ``length`` is
            below 1.

    Example:
        >>> concatenate_and_chunk({"input_ids": [[1, 2, 3], [4, 5]], "attention_mask": [[1, 1, 1], [1, 1]]}, 2)
        {'input_ids': [[1, 2], [3, 4]], 'attention_mask': [[1, 1], [1, 1]]}

    Source: Book section 2.3.4, ``group_texts`` (errata E28 and E29).
    """
    lengths = {name: _lengths(name, column) for name, column in columns.items()}
    first = next(iter(lengths), "")
    for name, found in lengths.items():
        if found != lengths[first]:
            raise InvalidInput(
                f"columns {first!r} and {name!r} differ in the lengths of their texts: only columns with one value a "
                "token can be cut together; remove the others (remove_columns in datasets)"
            )
    return {name: [row.tolist() for row in pack(column, length)] for name, column in columns.items()}


def _lengths(name: str, column: Sequence[Any]) -> list[int]:
    for text in column:
        if isinstance(text, str | bytes) or not hasattr(text, "__len__"):
            raise InvalidInput(
                f"column {name!r} holds {type(text).__name__}, not ids: its length is not a number of tokens; remove "
                "the column first (remove_columns in datasets)"
            )
    return [len(text) for text in column]
