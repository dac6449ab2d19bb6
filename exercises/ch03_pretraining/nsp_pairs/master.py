"""Pairs of sentences for BERT's second task."""

# solution:
import random
from itertools import pairwise

# end


def sentence_pairs(
    documents: list[list[list[int]]], seed: int
) -> list[tuple[list[int], list[int], int]]:
    """First sentence, second sentence, and 0 if it is the next one, else 1."""
    # solution:
    filled = [document for document in documents if document]
    if len(filled) < 2:
        raise ValueError(f"{len(filled)} documents have sentences: 2 are needed")
    dice = random.Random(seed)
    pairs = []
    for number, document in enumerate(filled):
        others = filled[:number] + filled[number + 1 :]
        for first, following in pairwise(document):
            if dice.random() < 0.5:
                pairs.append((first, following, 0))
            else:
                pairs.append((first, dice.choice(dice.choice(others)), 1))
    return pairs
    # stub:
    raise NotImplementedError("toss a coin for each sentence that has a next one")
    # end


def lay_out(
    first: list[int],
    second: list[int],
    cls_id: int,
    sep_id: int,
    pad_id: int,
    length: int,
) -> tuple[list[int], list[int], list[bool]]:
    """Ids, segments, and which places are real, each of the given length."""
    # solution:
    first, second = first[:], second[:]
    while len(first) + len(second) > length - 3:
        (first if len(first) > len(second) else second).pop()
    ids = [cls_id, *first, sep_id, *second, sep_id]
    segments = [0] * (len(first) + 2) + [1] * (len(second) + 1)
    rest = length - len(ids)
    real = [True] * len(ids) + [False] * rest
    return ids + [pad_id] * rest, segments + [0] * rest, real
    # stub:
    raise NotImplementedError("[CLS] first [SEP] second [SEP], and padding")
    # end
