"""Sentences of token ids as rectangular batches, in an order that a seed decides."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from minillm.errors import InvalidInput
from minillm.models.early.interface import require_positive

IGNORE = -100
"""Marks a target that is not there; the value that ``torch.nn.functional.cross_entropy`` skips by default."""

_POOL = 50


@dataclass(frozen=True)
class Batch:
    """Some sentences side by side.

    Args:
        inputs: What is read: the start symbol, then the sentence. Shorter rows are filled up with the end
            symbol.
        targets: What is to be predicted: the sentence, then the end symbol. Shorter rows are filled up with
            ``IGNORE``.
    """

    inputs: Int[Tensor, "batch time"]
    targets: Int[Tensor, "batch time"]

    @property
    def tokens(self) -> int:
        """Number of tokens to predict, end symbols included."""
        return int((self.targets != IGNORE).sum())


@dataclass(frozen=True)
class EncodedCorpus:
    """Encoded sentences to train and to judge on. All models of a comparison get the same one.

    Args:
        train: Sentences of token ids, without start and end symbols.
        valid: The same, held out.
        vocab_size: Number of tokens that can be predicted, the end symbol among them.
        end: Id of the end symbol.

    Example:
        >>> EncodedCorpus(train=[[0, 1], [1]], valid=[[0]], vocab_size=3, end=2).vocab_size
        3
    """

    train: Sequence[Sequence[int]]
    valid: Sequence[Sequence[int]]
    vocab_size: int
    end: int


def make_batches(
    sentences: Sequence[Sequence[int]],
    vocab_size: int,
    end: int,
    batch_size: int = 32,
    seed: int | None = None,
) -> list[Batch]:
    """Cut encoded sentences into batches of similar length.

    Sentences are shuffled, then sorted by length within pools of 50 batches, so that little is filled up and
    the order stays random on the large scale.

    Args:
        sentences: Token ids of each sentence, without start and end symbols.
        vocab_size: Number of tokens that can be predicted, the end symbol among them; the start symbol has
            this number as its id.
        end: Id of the end symbol.
        batch_size: Sentences per batch.
        seed: Decides the order; None keeps the sentences in theirs, as evaluation wants it.

    Returns:
        The batches; every sentence stands in exactly one.

    Raises:
        InvalidInput: No sentences, an id or the end symbol outside the vocabulary.

    Example:
        >>> batch = make_batches([[0, 1], [1]], vocab_size=3, end=2)[0]
        >>> batch.inputs.tolist(), batch.targets.tolist()
        ([[3, 0, 1], [3, 1, 2]], [[0, 1, 2], [1, 2, -100]])
    """
    require_positive(vocab_size=vocab_size, batch_size=batch_size)
    if not len(sentences):
        raise InvalidInput("No sentences were given; at least one is needed.")
    low = min(min(sentence, default=0) for sentence in sentences)
    high = max(max(sentence, default=0) for sentence in sentences)
    if min(low, end) < 0 or max(high, end) >= vocab_size:
        raise InvalidInput(
            f"Ids from {low} to {high} and the end symbol {end} were given; all must lie in 0 to {vocab_size - 1}. "
            "Replace unknown words by the unknown symbol's id first."
        )
    return [
        _batch([sentences[i] for i in chunk], vocab_size, end)
        for chunk in _chunks([len(sentence) for sentence in sentences], batch_size, seed)
    ]


def _chunks(lengths: list[int], batch_size: int, seed: int | None) -> list[list[int]]:
    """Indices of the sentences of every batch."""
    order = np.arange(len(lengths))
    if seed is None:
        return [order[i : i + batch_size].tolist() for i in range(0, len(order), batch_size)]
    rng = np.random.default_rng(seed)
    rng.shuffle(order)
    pool = _POOL * batch_size
    chunks = []
    for start in range(0, len(order), pool):
        ranked = sorted(order[start : start + pool].tolist(), key=lengths.__getitem__)
        chunks += [ranked[i : i + batch_size] for i in range(0, len(ranked), batch_size)]
    return [chunks[i] for i in rng.permutation(len(chunks))]


def _batch(sentences: list[Sequence[int]], start: int, end: int) -> Batch:
    """One batch of the given sentences, as wide as the longest plus one."""
    width = 1 + max(len(sentence) for sentence in sentences)
    inputs = np.full((len(sentences), width), end, dtype=np.int64)
    targets = np.full((len(sentences), width), IGNORE, dtype=np.int64)
    inputs[:, 0] = start
    for row, sentence in enumerate(sentences):
        inputs[row, 1 : 1 + len(sentence)] = sentence
        targets[row, : len(sentence)] = sentence
        targets[row, len(sentence)] = end
    return Batch(torch.from_numpy(inputs), torch.from_numpy(targets))
