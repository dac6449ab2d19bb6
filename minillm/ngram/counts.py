"""Counting n-grams of every order with one sort a level."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Int

from minillm.errors import InvalidInput
from minillm.ngram.packing import group_equal, trace
from minillm.ngram.vocabulary import BOS_ID, Vocabulary


@dataclass(frozen=True, eq=False)
class Level:
    """All distinct n-grams of one order, sorted by key.

    Attributes:
        keys: ``rank of the prefix * |V| + last word``; at level 1 simply the word's id.
        counts: How often each n-gram occurs (zero only at level 1, for words that never occur).
        suffix: Rank, one level down, of the n-gram without its first word.
        prefix: Rank, one level down, of the n-gram without its last word, its context.
    """

    keys: Int[np.ndarray, "ngrams"]
    counts: Int[np.ndarray, "ngrams"]
    suffix: Int[np.ndarray, "ngrams"]
    prefix: Int[np.ndarray, "ngrams"]

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True, eq=False)
class NgramCounts:
    """Counts of all n-grams of orders 1 to n in a corpus.

    Every sentence is counted as ``<s> w1 ... wm </s>`` with a single ``<s>``, as ARPA files and KenLM have it: the
    first word of a sentence has a context of one word whatever the order.

    Attributes:
        vocabulary: The words.
        levels: One ``Level`` an order, order 1 first.

    Example:
        >>> counts = NgramCounts.from_sentences([["a", "b"], ["a"]], order=2)
        >>> counts.count(["<s>", "a"]), counts.count(["a", "b"]), counts.count(["b", "a"])
        (2, 1, 0)

    Source: book section 2.1, equation (2.2).
    """

    vocabulary: Vocabulary
    levels: tuple[Level, ...]

    @classmethod
    def from_sentences(cls, sentences: Iterable[Sequence[str]], order: int, min_count: int = 1) -> "NgramCounts":
        """Count a corpus.

        Args:
            sentences: Tokenized sentences, without ``<s>`` and ``</s>``.
            order: The longest n-grams to count, at least 1.
            min_count: Words that occur less often than this become ``<unk>``.

        Returns:
            The counts.

        Raises:
            InvalidInput: The order is below 1 or the corpus is empty or ill-formed.

        Example:
            >>> NgramCounts.from_sentences([["a", "a", "a"]], order=2).total
            4
        """
        vocabulary, tokens = Vocabulary.learn(sentences, min_count)
        return cls.from_tokens(vocabulary, tokens, order)

    @classmethod
    def from_tokens(cls, vocabulary: Vocabulary, tokens: Int[np.ndarray, "tokens"], order: int) -> "NgramCounts":
        """Count an encoded corpus.

        Args:
            vocabulary: The words behind the ids.
            tokens: What ``Vocabulary.encode`` returns.
            order: The longest n-grams to count, at least 1.

        Returns:
            The counts.

        Raises:
            InvalidInput: The order is below 1.

        Example:
            >>> vocabulary, tokens = Vocabulary.learn([["a", "b"]])
            >>> len(NgramCounts.from_tokens(vocabulary, tokens, 2).levels[1])
            3
        """
        check_order(order)
        words = len(vocabulary)
        root = np.zeros(words, dtype=np.int64)
        levels = [Level(np.arange(words), np.bincount(tokens, minlength=words), root, root)]
        rank = tokens
        for _ in range(2, order + 1):
            ends = np.flatnonzero((rank[:-1] >= 0) & (tokens[1:] != BOS_ID)) + 1
            keys, counts, place, group = group_equal(rank[ends - 1] * words + tokens[ends])
            levels.append(Level(keys, counts, rank[ends[place[np.cumsum(counts) - counts]]], keys // words))
            rank = np.full(len(tokens), -1, dtype=np.int64)
            rank[ends[place]] = group
        return cls(vocabulary, tuple(levels))

    @property
    def order(self) -> int:
        """The longest n-grams that were counted."""
        return len(self.levels)

    @cached_property
    def total(self) -> int:
        """Number of predicted tokens: all words and one ``</s>`` a sentence."""
        return int(self.levels[0].counts.sum() - self.levels[0].counts[BOS_ID])

    def truncated(self, order: int) -> "NgramCounts":
        """The same counts up to a smaller order, without counting again.

        Args:
            order: The new longest n-grams, 1 to the present order.

        Returns:
            Counts that share their arrays with these.

        Raises:
            InvalidInput: The order is out of range.

        Example:
            >>> NgramCounts.from_sentences([["a", "b"]], order=3).truncated(2).order
            2
        """
        check_order(order)
        if order > self.order:
            raise InvalidInput(f"order {order} was asked for, but only orders 1 to {self.order} were counted")
        return NgramCounts(self.vocabulary, self.levels[:order])

    def count(self, ngram: Sequence[str]) -> int:
        """How often an n-gram occurs.

        Args:
            ngram: 1 to ``order`` words; ``<s>`` may stand first, ``</s>`` last.

        Returns:
            The count, 0 for an n-gram that never occurs.

        Raises:
            InvalidInput: The n-gram is empty or longer than the counted order.

        Example:
            >>> NgramCounts.from_sentences([["a", "b"]], order=2).count(["b", "</s>"])
            1
        """
        if not 1 <= len(ngram) <= self.order:
            raise InvalidInput(f"an n-gram of {len(ngram)} words was given: 1 to {self.order} were counted")
        ids = np.array([self.vocabulary.id(word) for word in ngram])
        rank = trace([level.keys for level in self.levels[: len(ngram)]], len(self.vocabulary), ids)[-1][-1]
        return int(self.levels[len(ngram) - 1].counts[rank]) if rank >= 0 else 0

    def predicted_counts(self, order: int) -> Int[np.ndarray, "ngrams"]:
        """Counts of one order, with zero for the unigram ``<s>``, which is a context but never predicted.

        Args:
            order: 1 to the counted order.

        Returns:
            One count an n-gram of that order.

        Example:
            >>> NgramCounts.from_sentences([["a"], ["a"]], order=1).predicted_counts(1).tolist()
            [0, 0, 2, 2]
        """
        counts = self.levels[order - 1].counts
        return counts if order > 1 else np.where(np.arange(len(counts)) == BOS_ID, 0, counts)

    def continuation_counts(self, order: int) -> Int[np.ndarray, "ngrams"]:
        """In how many different words' company each n-gram occurs: the number of distinct words before it.

        Nothing can stand before ``<s>``; n-grams that begin with it keep their plain counts, as in KenLM. The
        longest n-grams keep theirs as well.

        Args:
            order: 1 to the counted order.

        Returns:
            One adjusted count an n-gram of that order.

        Example:
            >>> counts = NgramCounts.from_sentences([["a", "b"], ["a", "b"]], order=2)
            >>> dict(zip(counts.vocabulary.words, counts.continuation_counts(1).tolist()))
            {'<unk>': 0, '<s>': 0, '</s>': 1, 'a': 1, 'b': 1}

        Source: Kneser and Ney (1995); Chen and Goodman (1998), section 2.7.
        """
        plain = self.predicted_counts(order)
        if order == self.order:
            return plain
        before = np.bincount(self.levels[order].suffix, minlength=len(plain))
        return np.where(self._begins_with_bos(order), plain, before)

    def _begins_with_bos(self, order: int) -> np.ndarray:
        begins = np.arange(len(self.vocabulary)) == BOS_ID
        for level in self.levels[1:order]:
            begins = begins[level.prefix]
        return begins


def check_order(order: int) -> None:
    """Refuse an order that is not a whole number of at least 1.

    Args:
        order: What the caller gave.

    Raises:
        InvalidInput: It is not an integer or below 1.

    Example:
        >>> check_order(3)
    """
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
        raise InvalidInput(f"order is {order!r}: give a whole number of at least 1 (1 unigrams, 2 bigrams, ...)")
