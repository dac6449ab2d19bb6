"""What a fitted n-gram model answers: probabilities, scores, perplexity, samples."""

from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Float, Int

from minillm.errors import InvalidInput
from minillm.ngram.perplexity import Perplexity
from minillm.ngram.tables import Tables
from minillm.ngram.vocabulary import BOS_ID, EOS, EOS_ID, UNK_ID, Vocabulary


class Scorer:
    """The part of ``NgramLM`` that needs only the finished tables, wherever they came from.

    Args:
        order: Length of the longest n-grams.
        tables: The model; None until there is one.

    Example:
        >>> from minillm.ngram import NgramLM
        >>> isinstance(NgramLM(2), Scorer)
        True

    Source: book section 2.1.
    """

    def __init__(self, order: int, tables: Tables | None) -> None:
        self.order = order
        self._tables = tables

    @property
    def vocabulary(self) -> Vocabulary:
        """The words of the fitted model."""
        return self._fitted().vocabulary

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of stored n-grams of each order, unigrams first."""
        return tuple(len(keys) for keys in self._fitted().keys)

    def logprob(self, word: str, context: Sequence[str] = ()) -> float:
        """Natural log-probability of one word.

        Args:
            word: The word; ``</s>`` for the end of the sentence. ``<s>`` has probability zero.
            context: The words before it, ``<s>`` first at the start of a sentence; the last ``order - 1`` count.

        Returns:
            A number of at most 0; -inf for probability zero.

        Raises:
            InvalidInput: A word is not a string, ``<s>`` is not first in the context, or ``</s>`` is in it.

        Example:
            >>> from minillm.ngram import NgramLM
            >>> model = NgramLM(2, "mle").fit([["a", "b"], ["a", "c"]])
            >>> round(model.logprob("b", ["<s>", "a"]), 4)
            -0.6931
        """
        tables = self._fitted()
        number = tables.vocabulary.id(word)
        if number == BOS_ID:
            return -float("inf")
        return float(tables.score(np.append(self._context(context), number))[-1])

    def probs(self, context: Sequence[str] = ()) -> Float[np.ndarray, "vocab"]:
        """Probability of every word after a context.

        Args:
            context: As in ``logprob``.

        Returns:
            Probabilities in the order of ``vocabulary.words``; zero for ``<s>``.

        Raises:
            InvalidInput: As in ``logprob``.

        Example:
            >>> from minillm.ngram import NgramLM
            >>> model = NgramLM(2, "add_k").fit([["a", "b"], ["a", "c"]])
            >>> float(model.probs(["never", "seen"]).sum().round(10))
            1.0
        """
        return self._fitted().distribution(self._context(context))

    def token_logprobs(self, sentence: Sequence[str]) -> Float[np.ndarray, "tokens"]:
        """Natural log-probability of each word of a sentence, and of its end.

        Args:
            sentence: Words, without ``<s>`` and ``</s>``.

        Returns:
            One number a word and one for ``</s>``.

        Raises:
            InvalidInput: The sentence is a plain string, or a word is reserved or not a string.

        Example:
            >>> from minillm.ngram import NgramLM
            >>> NgramLM(2, "mle").fit([["a", "b"], ["a", "c"]]).token_logprobs(["a", "b"]).round(4).tolist()
            [0.0, -0.6931, 0.0]
        """
        tables = self._fitted()
        return tables.score(tables.vocabulary.encode([sentence]))[1:]

    def score(self, sentence: Sequence[str]) -> float:
        """Natural log-probability of a whole sentence with its end.

        Args:
            sentence: Words, without ``<s>`` and ``</s>``.

        Returns:
            The sum of ``token_logprobs``.

        Raises:
            InvalidInput: As in ``token_logprobs``.

        Example:
            >>> from minillm.ngram import NgramLM
            >>> round(NgramLM(1, "mle").fit([["a"]]).score(["a", "a"]), 4)
            -2.0794
        """
        return float(self.token_logprobs(sentence).sum())

    def score_batch(self, sentences: Iterable[Sequence[str]]) -> Float[np.ndarray, "sentences"]:
        """Natural log-probabilities of many sentences at once, which is far faster than one by one.

        Args:
            sentences: Tokenized sentences, without ``<s>`` and ``</s>``.

        Returns:
            One number a sentence.

        Raises:
            InvalidInput: As in ``token_logprobs``.

        Example:
            >>> from minillm.ngram import NgramLM
            >>> NgramLM(1, "mle").fit([["a"]]).score_batch([["a"], []]).round(4).tolist()
            [-1.3863, -0.6931]
        """
        tables = self._fitted()
        tokens = tables.vocabulary.encode(sentences)
        starts = np.flatnonzero(tokens == BOS_ID)
        if not len(starts):
            return np.zeros(0)
        logprobs = tables.score(tokens)
        logprobs[starts] = 0.0
        return np.add.reduceat(logprobs, starts)

    def perplexity(self, sentences: Iterable[Sequence[str]]) -> Perplexity:
        """Perplexity of a text, with and without its unknown words.

        Args:
            sentences: Tokenized sentences, without ``<s>`` and ``</s>``; at least one.

        Returns:
            Both figures, and the numbers of tokens and of unknown words.

        Raises:
            InvalidInput: There is no sentence, or as in ``token_logprobs``.

        Example:
            >>> from minillm.ngram import NgramLM
            >>> uniform = NgramLM(1, "add_k", k=1e9).fit([["a", "b"]])
            >>> round(uniform.perplexity([["a"]]).with_oov, 6)  # <unk>, </s>, a and b
            4.0
        """
        tables = self._fitted()
        tokens = encode_some(tables.vocabulary, sentences)
        predicted = tokens != BOS_ID
        logprobs = tables.score(tokens)[predicted]
        return Perplexity.of(logprobs, tokens[predicted] == UNK_ID, int(np.sum(~predicted)))

    def sample(self, rng: np.random.Generator, prefix: Sequence[str] = (), max_words: int = 100) -> list[str]:
        """Draw a sentence word by word.

        Args:
            rng: Source of randomness.
            prefix: How the sentence begins, without ``<s>``.
            max_words: Stop after this many new words if no end was drawn before.

        Returns:
            The prefix and the words drawn, without ``<s>`` and ``</s>``.

        Raises:
            InvalidInput: As in ``token_logprobs``.

        Example:
            >>> from minillm.ngram import NgramLM
            >>> NgramLM(3, "mle").fit([["a", "b", "c"]]).sample(np.random.default_rng(0))
            ['a', 'b', 'c']
        """
        tables = self._fitted()
        drawn = tables.vocabulary.encode([prefix])[:-1].tolist()
        start = len(drawn)
        while len(drawn) < start + max_words:
            cumulative = np.cumsum(tables.distribution(self._tail(drawn)))
            number = int(np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right"))
            if number == EOS_ID:
                break
            drawn.append(number)
        return [*prefix, *(tables.vocabulary.words[number] for number in drawn[start:])]

    def _fitted(self) -> Tables:
        if self._tables is None:
            raise InvalidInput("the model has not been fitted: call fit(sentences) first")
        return self._tables

    def _context(self, context: Sequence[str]) -> Int[np.ndarray, "context"]:
        if isinstance(context, str | bytes):
            raise InvalidInput(f"the context {context!r:.60} is a plain string: give a list of words")
        ids = [self.vocabulary.id(word) for word in context]
        if BOS_ID in ids[1:] or EOS_ID in ids:
            raise InvalidInput(f"in a context <s> may only stand first, and {EOS} nowhere: nothing follows the end")
        return self._tail(ids)

    def _tail(self, ids: list[int]) -> Int[np.ndarray, "context"]:
        """The last ``order - 1`` words, all that the model looks at."""
        return np.array(ids[max(len(ids) - self.order + 1, 0) :], dtype=np.int64)


def encode_some(vocabulary: Vocabulary, sentences: Iterable[Sequence[str]]) -> Int[np.ndarray, "tokens"]:
    """Encode sentences of which there must be at least one.

    Args:
        vocabulary: The words.
        sentences: Tokenized sentences, without ``<s>`` and ``</s>``.

    Returns:
        What ``Vocabulary.encode`` returns.

    Raises:
        InvalidInput: There is no sentence.

    Example:
        >>> encode_some(Vocabulary(["a"]), [["a"]]).tolist()
        [1, 3, 2]
    """
    tokens = vocabulary.encode(sentences)
    if not len(tokens):
        raise InvalidInput("there are no sentences: give at least one")
    return tokens
