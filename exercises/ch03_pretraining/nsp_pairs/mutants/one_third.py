# fails: test_half
# idea: the coin is not fair

import random
from itertools import pairwise


def sentence_pairs(
    documents: list[list[list[int]]], seed: int
) -> list[tuple[list[int], list[int], int]]:
    filled = [document for document in documents if document]
    if len(filled) < 2:
        raise ValueError(f"{len(filled)} documents have sentences: 2 are needed")
    dice = random.Random(seed)
    pairs = []
    for number, document in enumerate(filled):
        others = filled[:number] + filled[number + 1 :]
        for first, following in pairwise(document):
            if dice.random() < 1 / 3:
                pairs.append((first, following, 0))
            else:
                pairs.append((first, dice.choice(dice.choice(others)), 1))
    return pairs


def lay_out(
    first: list[int],
    second: list[int],
    cls_id: int,
    sep_id: int,
    pad_id: int,
    length: int,
) -> tuple[list[int], list[int], list[bool]]:
    first, second = first[:], second[:]
    while len(first) + len(second) > length - 3:
        (first if len(first) > len(second) else second).pop()
    ids = [cls_id, *first, sep_id, *second, sep_id]
    segments = [0] * (len(first) + 2) + [1] * (len(second) + 1)
    rest = length - len(ids)
    real = [True] * len(ids) + [False] * rest
    return ids + [pad_id] * rest, segments + [0] * rest, real
