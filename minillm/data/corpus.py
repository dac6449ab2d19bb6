"""The corpus type: an immutable sequence of documents that knows its language."""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

from minillm.data.text import LANGUAGES, split_sentences, tokenize_words
from minillm.errors import InvalidInput


@dataclass(frozen=True)
class Document:
    """One text of a corpus.

    Attributes:
        id: Unique inside its corpus and stable from run to run.
        text: The text itself.
        words: The sentences already cut into words, where the maker of the text knows them (the village in
            Chinese); empty where the plain rules of `minillm.data.text` are to be used.

    Example:
        >>> Document("note", "Two words.").text
        'Two words.'

    Source: None; plain book-keeping.
    """

    id: str
    text: str
    words: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Corpus(Sequence[Document]):
    """An immutable sequence of documents.

    Attributes:
        name: Where the text is from, for captions and error messages.
        language: ``"en"`` or ``"zh"``.
        documents: The documents, in a fixed order.

    Raises:
        InvalidInput: The language is unknown.

    Example:
        >>> corpus = Corpus("notes", "en", (Document("a", "One two. Three!"),))
        >>> corpus.sentences()
        [['one', 'two', '.'], ['three', '!']]

    Source: None; plain book-keeping.
    """

    name: str
    language: str
    documents: tuple[Document, ...]

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise InvalidInput(f"language is {self.language!r}; allowed are 'en' and 'zh'. Pass one of these.")

    def __len__(self) -> int:
        return len(self.documents)

    def __iter__(self) -> Iterator[Document]:
        return iter(self.documents)

    @overload
    def __getitem__(self, index: int) -> Document: ...
    @overload
    def __getitem__(self, index: slice) -> "Corpus": ...
    def __getitem__(self, index: int | slice) -> "Document | Corpus":
        if isinstance(index, slice):
            return Corpus(self.name, self.language, self.documents[index])
        return self.documents[index]

    def __repr__(self) -> str:
        size = sum(len(document.text) for document in self.documents)
        return f"Corpus({self.name!r}, {self.language!r}, {len(self)} documents, {size:,} characters)"

    @cached_property
    def text(self) -> str:
        """All documents, joined by a blank line."""
        return "\n\n".join(document.text for document in self.documents)

    def sentences(self, *, lower: bool = True, min_words: int = 1, max_words: int | None = None) -> list[list[str]]:
        """Cut the documents into sentences of words.

        Args:
            lower: Fold to lower case.
            min_words: Leave out sentences with fewer tokens (punctuation marks count).
            max_words: Leave out sentences with more tokens; None keeps all.

        Returns:
            One list of tokens a sentence, in document order. Chinese: characters, unless the documents
            carry words.

        Raises:
            InvalidInput: ``min_words`` is below 1 or above ``max_words``.

        Example:
            >>> corpus = Corpus("notes", "en", (Document("a", "One two. Three!"),))
            >>> corpus.sentences(lower=False, min_words=3)
            [['One', 'two', '.']]

        Source: The rules stand in `minillm.data.text`.
        """
        longest = math.inf if max_words is None else max_words
        if not 1 <= min_words <= longest:
            raise InvalidInput(f"min_words={min_words}, max_words={max_words}: needed is 1 <= min_words <= max_words.")
        sentences = (words for document in self for words in _words(document, self.language, lower))
        return [words for words in sentences if min_words <= len(words) <= longest]

    def split(self, *fractions: float, seed: int = 0) -> tuple["Corpus", ...]:
        """Cut into disjoint parts by document, for instance for training, validation and test.

        Documents are drawn at random, and keep their order inside a part. A split by document cannot tell
        that two documents say nearly the same: near copies are kept apart from each other only where the maker
        of the corpus removed them, as `docstrings` does.

        Args:
            *fractions: The share of the documents that each part gets; positive, with the sum 1.
            seed: Seed of the draw.

        Returns:
            One corpus a fraction; together they hold every document once, and no part is empty.

        Raises:
            InvalidInput: The fractions are not positive or do not sum to 1, or there are fewer documents
                than parts.

        Example:
            >>> corpus = Corpus("digits", "en", tuple(Document(str(i), str(i)) for i in range(10)))
            >>> [len(part) for part in corpus.split(0.8, 0.1, 0.1)]
            [8, 1, 1]

        Source: None; plain book-keeping.
        """
        if not fractions or min(fractions) <= 0 or not math.isclose(sum(fractions), 1, abs_tol=1e-9):
            raise InvalidInput(f"fractions are {fractions}; each must be positive and their sum 1, as in 0.9, 0.1.")
        if len(self) < len(fractions):
            raise InvalidInput(f"{len(self)} documents cannot fill {len(fractions)} parts; ask for fewer parts.")
        order = list(range(len(self)))
        random.Random(seed).shuffle(order)
        parts: list[Corpus] = []
        for start, stop in _bounds(fractions, len(self)):
            chosen = tuple(self.documents[i] for i in sorted(order[start:stop]))
            parts.append(Corpus(self.name, self.language, chosen))
        return tuple(parts)


def _words(document: Document, language: str, lower: bool) -> Iterator[list[str]]:
    if document.words:
        for words in document.words:
            yield [word.lower() for word in words] if lower else list(words)
        return
    for sentence in split_sentences(document.text, language):
        yield tokenize_words(sentence, language, lower)


def _bounds(fractions: Sequence[float], total: int) -> list[tuple[int, int]]:
    """Cut points that follow the fractions and leave at least one document to every part."""
    cuts = [0]
    for index in range(1, len(fractions)):
        wanted = round(sum(fractions[:index]) * total)
        cuts.append(min(max(wanted, cuts[-1] + 1), total - (len(fractions) - index)))
    return list(zip(cuts, [*cuts[1:], total], strict=True))
