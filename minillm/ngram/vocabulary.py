"""Words and their ids, with the three reserved words of every n-gram model made explicit."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, NoReturn

import numpy as np
from jaxtyping import Int

from minillm.errors import InvalidInput

UNK, BOS, EOS = "<unk>", "<s>", "</s>"
UNK_ID, BOS_ID, EOS_ID = 0, 1, 2
RESERVED = (UNK, BOS, EOS)


class Vocabulary:
    """An immutable list of words; the first three are ``<unk>``, ``<s>`` and ``</s>``.

    ``<unk>`` stands for every word that is not listed, so it may occur in a sentence. ``<s>`` and ``</s>`` may not: the
    model puts them around each sentence itself. ``</s>`` is predicted like any word, ``<s>`` never is.

    Args:
        words: The ordinary words, in the order in which they get their ids (from 3 up). Reserved words among them are
            passed over.

    Raises:
        InvalidInput: A word is empty, repeated or not a string.

    Example:
        >>> vocabulary = Vocabulary(["the", "cat"])
        >>> vocabulary.words
        ('<unk>', '<s>', '</s>', 'the', 'cat')
        >>> vocabulary.encode([["the", "dog"]])
        array([1, 3, 0, 2])

    Source: book section 2.1, which leaves these words out (see errata E22b).
    """

    def __init__(self, words: Iterable[str]) -> None:
        listed = [word for word in words if word not in RESERVED]
        for word in listed:
            _require_word(word)
        if len(set(listed)) != len(listed):
            raise InvalidInput("the vocabulary lists a word twice: give each word once")
        self.words: tuple[str, ...] = (*RESERVED, *listed)
        self._ids = _KnownIds(zip(listed, range(len(RESERVED), len(self.words)), strict=True))
        self._ids[UNK] = UNK_ID

    @classmethod
    def learn(
        cls, sentences: Iterable[Sequence[str]], min_count: int = 1
    ) -> tuple["Vocabulary", Int[np.ndarray, "tokens"]]:
        """Collect the words of a corpus and encode it, in one pass.

        Args:
            sentences: Tokenized sentences, without ``<s>`` and ``</s>``.
            min_count: Words that occur less often than this become ``<unk>``.

        Returns:
            The vocabulary, most frequent word first (of equals, the one met first), and the corpus as ids with ``<s>``
            and ``</s>`` around each sentence.

        Raises:
            InvalidInput: There is no word at all, a sentence is a plain string, or a word is reserved or not a string.

        Example:
            >>> vocabulary, tokens = Vocabulary.learn([["a", "b", "a"], ["a", "c"]], min_count=2)
            >>> vocabulary.words, tokens.tolist()
            (('<unk>', '<s>', '</s>', 'a'), [1, 3, 0, 3, 2, 1, 3, 0, 2])
        """
        arrival = _GrowingIds({UNK: 0})
        numbers, lengths = _flatten(sentences, arrival)
        if not numbers.size:
            raise InvalidInput("the corpus holds no words: give at least one sentence with at least one word")
        counts = np.bincount(numbers, minlength=len(arrival))
        by_frequency = 1 + np.argsort(-counts[1:], kind="stable")
        kept = by_frequency[counts[by_frequency] >= min_count]
        words = list(arrival)
        new_ids = np.full(len(words), UNK_ID)
        new_ids[kept] = np.arange(len(RESERVED), len(RESERVED) + len(kept))
        return cls._of_distinct([words[number] for number in kept.tolist()]), _with_boundaries(
            new_ids[numbers], lengths
        )

    @classmethod
    def _of_distinct(cls, words: list[str]) -> "Vocabulary":
        """A vocabulary of words that are known to be in order."""
        vocabulary = cls.__new__(cls)
        vocabulary.words = (*RESERVED, *words)
        vocabulary._ids = _KnownIds(zip(words, range(len(RESERVED), len(vocabulary.words)), strict=True))
        vocabulary._ids[UNK] = UNK_ID
        return vocabulary

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word != UNK and dict.__contains__(self._ids, word)

    def __repr__(self) -> str:
        return f"Vocabulary({len(self) - len(RESERVED)} words and {' '.join(RESERVED)})"

    @property
    def predicted(self) -> int:
        """How many words can be predicted: all but ``<s>``. Probabilities sum to 1 over these."""
        return len(self) - 1

    def id(self, word: str) -> int:
        """The id of a word; that of ``<unk>`` for a word that is not listed.

        Args:
            word: An ordinary or a reserved word.

        Returns:
            A position in ``words``.

        Raises:
            InvalidInput: The word is empty or not a string.

        Example:
            >>> Vocabulary(["cat"]).id("dog")
            0
        """
        if isinstance(word, str) and word in RESERVED:
            return RESERVED.index(word)
        return _lookup(self._ids, word)

    def encode(self, sentences: Iterable[Sequence[str]]) -> Int[np.ndarray, "tokens"]:
        """Turn sentences into one row of ids with ``<s>`` and ``</s>`` around each sentence.

        Args:
            sentences: Tokenized sentences, without ``<s>`` and ``</s>``.

        Returns:
            The ids; sentence boundaries are the places where ``<s>`` stands.

        Raises:
            InvalidInput: A sentence is a plain string, or a word is reserved or not a string.

        Example:
            >>> Vocabulary(["cat"]).encode([["cat"], []]).tolist()
            [1, 3, 2, 1, 2]
        """
        return _with_boundaries(*_flatten(sentences, self._ids))


class _KnownIds(dict[str, int]):
    """Word to id; whatever is not listed is checked and becomes ``<unk>``. The common case never leaves C."""

    def __missing__(self, word: Any) -> int:
        _require_word(word)
        return UNK_ID


class _GrowingIds(dict[str, int]):
    """Word to number of arrival, so that each distinct word is checked once."""

    def __missing__(self, word: Any) -> int:
        _require_word(word)
        self[word] = number = len(self)
        return number


def _flatten(
    sentences: Iterable[Sequence[str]], ids: dict[str, int]
) -> tuple[Int[np.ndarray, "words"], Int[np.ndarray, "sentences"]]:
    """All words of all sentences as numbers, and the length of each sentence."""
    lengths: list[int] = []
    words = chain.from_iterable(_checked(sentences, lengths))
    try:
        numbers = np.fromiter(map(ids.__getitem__, words), dtype=np.int64)
    except TypeError as error:
        raise InvalidInput(f"a sentence must be a sequence of strings: {error}") from error
    return numbers, np.array(lengths, dtype=np.int64)


def _checked(sentences: Iterable[Sequence[str]], lengths: list[int]) -> Iterator[Sequence[str]]:
    if isinstance(sentences, str):
        raise InvalidInput("got one string where sentences were expected: give a list of lists of words")
    for sentence in sentences:
        if isinstance(sentence, str | bytes):
            raise InvalidInput(
                f"the sentence {sentence!r:.60} is a plain string: split it into words first, for example with .split()"
            )
        lengths.append(len(sentence))
        yield sentence


def _with_boundaries(
    numbers: Int[np.ndarray, "words"], lengths: Int[np.ndarray, "sentences"]
) -> Int[np.ndarray, "tokens"]:
    tokens = np.empty(len(numbers) + 2 * len(lengths), dtype=np.int64)
    ends = np.cumsum(lengths + 2) - 1
    inside = np.ones(len(tokens), dtype=bool)
    inside[ends] = inside[ends - lengths - 1] = False
    tokens[ends], tokens[ends - lengths - 1] = EOS_ID, BOS_ID
    tokens[inside] = numbers
    return tokens


def _lookup(ids: dict[str, int], word: Any) -> int:
    try:
        return ids[word]
    except TypeError:
        _refuse(word)


def _require_word(word: Any) -> None:
    if not isinstance(word, str):
        _refuse(word)
    if not word:
        raise InvalidInput("a word is the empty string: leave empty words out")
    if word in (BOS, EOS):
        raise InvalidInput(f"{word} is reserved: the model puts <s> and </s> around each sentence itself")


def _refuse(word: Any) -> NoReturn:
    raise InvalidInput(f"the word {word!r:.60} is of type {type(word).__name__}: words must be strings")
