# Two sentences, neighbors or not (12 points, difficulty 2 of 5, about 25 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/03_pretraining/exercises.html#two-sentences-neighbors-or-not
# To check it: minillm exercises check ch03.nsp_pairs

"""Pairs of sentences for BERT's second task."""


def sentence_pairs(
    documents: list[list[list[int]]], seed: int
) -> list[tuple[list[int], list[int], int]]:
    """First sentence, second sentence, and 0 if it is the next one, else 1."""
    raise NotImplementedError("toss a coin for each sentence that has a next one")


def lay_out(
    first: list[int],
    second: list[int],
    cls_id: int,
    sep_id: int,
    pad_id: int,
    length: int,
) -> tuple[list[int], list[int], list[bool]]:
    """Ids, segments, and which places are real, each of the given length."""
    raise NotImplementedError("[CLS] first [SEP] second [SEP], and padding")
