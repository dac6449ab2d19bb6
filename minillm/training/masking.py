"""BERT's two tasks as data: hiding tokens, and pairs of sentences that do or do not belong together."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from minillm.errors import InvalidInput
from minillm.training.objectives import IGNORE


def mask_tokens(
    ids: Int[Tensor, "*shape"],
    generator: torch.Generator,
    *,
    mask_id: int,
    vocab_size: int,
    special_ids: Sequence[int] = (),
    rate: float | int = 0.15,
) -> tuple[Int[Tensor, "*shape"], Int[Tensor, "*shape"]]:
    """Choose tokens to predict; hide 80 % of them, exchange 10 % for a random token, and leave 10 % as they are.

    The last fifth is there because no [MASK] occurs when the model is used: it must keep an opinion about tokens
    that it can see.

    Args:
        ids: The tokens.
        generator: Where chance comes from; the same state gives the same result.
        mask_id: The id of [MASK].
        vocab_size: Random tokens are drawn from all ids below this, as in BERT.
        special_ids: Ids that are never chosen: [CLS], [SEP], [PAD].
        rate: The share of the other tokens that is chosen, each on its own, between 0 and 1.

    Returns:
        The corrupted ids, and the labels: the original token where one was chosen, else `IGNORE`.

    Raises:
        InvalidInput: ``rate`` is not between 0 and 1, or ``mask_id`` is outside the vocabulary.

    Example:
        >>> ids = torch.arange(5, 105)
        >>> noised, labels = mask_tokens(ids, torch.Generator().manual_seed(0), mask_id=4, vocab_size=105)
        >>> bool((labels[labels != IGNORE] == ids[labels != IGNORE]).all())
        True

    Source: Book section 2.3.1; Devlin et al. (2019), appendix A.1.
    """
    if not 0 <= rate <= 1:
        raise InvalidInput(f"rate is {rate}: give the share of tokens to predict, between 0 and 1; BERT used 0.15")
    if not 0 <= mask_id < vocab_size:
        raise InvalidInput(f"mask_id is {mask_id}, outside the vocabulary of {vocab_size} tokens")

    def uniform() -> Tensor:
        return torch.rand(ids.shape, generator=generator, device=ids.device)

    special = torch.isin(ids, torch.tensor(list(special_ids), dtype=ids.dtype, device=ids.device))
    chosen: Bool[Tensor, "*shape"] = (uniform() < rate) & ~special
    fate = uniform()
    random = torch.randint(vocab_size, ids.shape, generator=generator, device=ids.device, dtype=ids.dtype)
    noised = torch.where(chosen & (fate < 0.8), mask_id, ids)
    noised = torch.where(chosen & (fate >= 0.9), random, noised)
    return noised, torch.where(chosen, ids, IGNORE)


@dataclass(frozen=True)
class SentencePair:
    """Two pieces of text and whether the second followed the first.

    Attributes:
        first: Ids of the first.
        second: Ids of the second.
        label: 0 if the second followed the first, 1 if it was drawn from another document.

    Example:
        >>> SentencePair((5, 6), (7,), 0).label
        0

    Source: Book section 2.3.1.
    """

    first: tuple[int, ...]
    second: tuple[int, ...]
    label: int


def next_sentence_pairs(
    documents: Sequence[Sequence[Sequence[int]]], generator: torch.Generator, *, random_share: float | int = 0.5
) -> list[SentencePair]:
    """Pair every sentence that has a successor with it, or with one drawn from another document.

    Args:
        documents: Documents of sentences of ids.
        generator: Where chance comes from.
        random_share: The probability of a pair that does not belong together.

    Returns:
        One pair for every sentence that another follows in its document, in order.

    Raises:
        InvalidInput: Fewer than two documents have a sentence, or ``random_share`` is not between 0 and 1.

    Example:
        >>> documents = [[[1], [2], [3]], [[4], [5]]]
        >>> [pair.first for pair in next_sentence_pairs(documents, torch.Generator().manual_seed(0))]
        [(1,), (2,), (4,)]

    Source: Book section 2.3.1, equation 2.19; Devlin et al. (2019), section 3.1.
    """
    if not 0 <= random_share <= 1:
        raise InvalidInput(f"random_share is {random_share}: give a probability, between 0 and 1; BERT used 0.5")
    filled = [document for document in documents if document]
    if len(filled) < 2:
        raise InvalidInput(f"{len(filled)} documents have sentences: at least 2 are needed, for pairs across them")

    def below(n: int) -> int:
        return int(torch.randint(n, (1,), generator=generator))

    pairs = []
    for number, sentences in enumerate(filled):
        for first, second in itertools.pairwise(sentences):
            elsewhere = bool(torch.rand(1, generator=generator) < random_share)
            if elsewhere:
                other = filled[(number + 1 + below(len(filled) - 1)) % len(filled)]
                second = other[below(len(other))]
            pairs.append(SentencePair(tuple(first), tuple(second), int(elsewhere)))
    return pairs


def join_pairs(
    pairs: Sequence[SentencePair], *, cls_id: int, sep_id: int, pad_id: int, length: int
) -> tuple[Int[Tensor, "batch time"], Int[Tensor, "batch time"], Bool[Tensor, "batch time"], Int[Tensor, "batch"]]:
    """Lay pairs out as [CLS] first [SEP] second [SEP], padded on the right to the longest.

    A pair that is too long loses tokens at the end of its longer half, one by one, as in BERT.

    Args:
        pairs: The pairs.
        cls_id: The id of [CLS].
        sep_id: The id of [SEP].
        pad_id: The id of [PAD].
        length: The most positions that a row may have.

    Returns:
        Ids, segments (0 up to and with the first [SEP], then 1), mask (True where a token is real), labels.

    Raises:
        InvalidInput: There is no pair, or ``length`` leaves no room for a token of each half.

    Example:
        >>> pair = SentencePair((7, 8), (9,), 0)
        >>> join_pairs([pair], cls_id=1, sep_id=2, pad_id=0, length=16)[0].tolist()
        [[1, 7, 8, 2, 9, 2]]

    Source: Book equation 2.19; Devlin et al. (2019), figure 2 and appendix A.2.
    """
    if not pairs or length < 5:
        raise InvalidInput(f"{len(pairs)} pairs of at most {length} positions: give one pair or more, and 5 positions")
    rows: list[list[int]] = []
    segments: list[list[int]] = []
    for pair in pairs:
        first, second = list(pair.first), list(pair.second)
        while len(first) + len(second) > length - 3:
            (first if len(first) > len(second) else second).pop()
        rows.append([cls_id, *first, sep_id, *second, sep_id])
        segments.append([0] * (len(first) + 2) + [1] * (len(second) + 1))
    longest = max(map(len, rows))
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    mask = torch.tensor([[place < len(row) for place in range(longest)] for row in rows])
    sides = torch.tensor([side + [0] * (longest - len(side)) for side in segments])
    return ids, sides, mask, torch.tensor([pair.label for pair in pairs])
