# Blocks of one length, and a column too many (10 points, difficulty 2 of 5, about 20 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/03_pretraining/exercises.html#blocks-of-one-length-and-a-column-too-many
# To check it: minillm exercises check ch03.group_texts

"""Texts laid end to end and cut into blocks."""

from collections.abc import Iterable, Iterator


def group_texts(batch: dict[str, list], length: int) -> dict[str, list[list]]:
    """Blocks of exactly length tokens from the token columns of one batch."""
    raise NotImplementedError("end to end, then cut")


def group_stream(
    batches: Iterable[dict[str, list]], length: int
) -> Iterator[dict[str, list[list]]]:
    """The same batch by batch, where what is left over begins the next block."""
    raise NotImplementedError("keep what is left over for the next batch")
