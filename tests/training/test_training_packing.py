import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minillm.errors import InvalidInput
from minillm.training import concatenate_and_chunk, pack

texts = st.lists(st.lists(st.integers(0, 99), max_size=20), max_size=20)


@given(texts=texts, length=st.integers(1, 9), separator=st.sampled_from([None, 100]), keep=st.booleans())
def test_rows_are_the_concatenation_cut(texts, length, separator, keep):
    end = [] if separator is None else [separator]
    whole = list(itertools.chain.from_iterable([*text, *end] for text in texts))
    rows = [row.tolist() for row in pack(texts, length, separator=separator, keep_rest=keep)]
    assert list(itertools.chain.from_iterable(rows)) == (whole if keep else whole[: len(whole) // length * length])
    assert all(len(row) == length for row in (rows[:-1] if keep else rows))
    assert all(rows)


def test_texts_are_read_one_at_a_time():
    endless = ([number, number] for number in itertools.count())
    rows = pack(endless, 5)
    assert [next(rows).tolist() for _ in range(2)] == [[0, 0, 1, 1, 2], [2, 3, 3, 4, 4]]


def as_the_book_does(columns, length):
    """``group_texts`` of section 2.3.4, with its brackets put right (E28): the first column counts the tokens (E29)."""
    joined = {name: list(itertools.chain.from_iterable(column)) for name, column in columns.items()}
    total = len(joined[next(iter(columns))]) // length * length
    return {name: [whole[i : i + length] for i in range(0, total, length)] for name, whole in joined.items()}


def test_the_books_version_makes_empty_rows_and_ours_refuses():
    words = ["the cat sat on the mat", "and a dog looked on in silence"] * 20
    columns = {"text": words, "input_ids": [[len(word) for word in text.split()] for text in words]}
    tokens = sum(map(len, columns["input_ids"]))
    rows = as_the_book_does(columns, 8)["input_ids"]
    assert sum(not row for row in rows) > len(rows) / 2  # characters were counted, and most rows are empty
    with pytest.raises(InvalidInput, match="'text' holds str, not ids"):
        concatenate_and_chunk(columns, 8)
    ours = concatenate_and_chunk({"input_ids": columns["input_ids"]}, 8)["input_ids"]
    assert len(ours) == tokens // 8
    assert all(len(row) == 8 for row in ours)
    assert ours == as_the_book_does({"input_ids": columns["input_ids"]}, 8)["input_ids"]


def test_columns_stay_side_by_side():
    ids = [[1, 2, 3], [4], [5, 6, 7, 8]]
    cut = concatenate_and_chunk({"input_ids": ids, "places": [np.arange(len(row)) for row in ids]}, 3)
    assert cut == {"input_ids": [[1, 2, 3], [4, 5, 6]], "places": [[0, 1, 2], [0, 0, 1]]}


@pytest.mark.parametrize("other", [[[1], [1]], [[1, 1]], [3, 4]])
def test_columns_that_do_not_fit_are_refused(other):
    with pytest.raises(InvalidInput, match="other"):
        concatenate_and_chunk({"input_ids": [[1, 2], [3]], "other": other}, 2)


def test_a_row_has_a_token():
    with pytest.raises(InvalidInput, match="length is 0"):
        list(pack([[1]], 0))
