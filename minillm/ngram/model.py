"""One class for all n-gram language models: fit, score, sample, save."""

import os
from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Float, Int

from minillm.errors import InvalidInput
from minillm.ngram import arpa, arpa_reader
from minillm.ngram.counts import NgramCounts, check_order
from minillm.ngram.discounts import Discounts
from minillm.ngram.jelinek_mercer import estimate_weights, fixed_weights, weights_from_training
from minillm.ngram.perplexity import Perplexity
from minillm.ngram.smoothing import Options, estimate
from minillm.ngram.tables import Tables
from minillm.ngram.vocabulary import BOS_ID, EOS, EOS_ID, UNK_ID, Vocabulary


class NgramLM:
    """An n-gram language model.

    Probabilities range over all words of the vocabulary, ``<unk>`` and ``</s>``, and sum to 1 after every context, seen
    or not. A context shorter than ``order - 1`` words that does not begin with ``<s>`` is answered by the lower order,
    which for Kneser-Ney is the distribution used for backing off.

    Args:
        order: Length of the longest n-grams: each word is predicted from ``order - 1`` words before it.
        smoothing: One of ``SMOOTHINGS``.
        k: For ``add_k``: what is added to each count, positive; 1 unless given.
        discount: For ``absolute`` and ``kneser_ney``: the discount of every order, 0 to 1, instead of n1 / (n1 + 2 n2).
        weights: For ``jelinek_mercer``: one weight an order, unigrams first, instead of weights set on held-out text.
        min_count: Words seen less often than this in training become ``<unk>``.
        vocabulary: The words to know, instead of those seen in training.

    Attributes:
        counts: The n-grams the model was estimated from; None before ``fit`` and after ``load_arpa``.
        discounts: For discounting methods, what counts of 1, 2, and 3 or more gave up at each order.
        weights: For ``jelinek_mercer``, the weight of each order and each bucket of context counts.

    Raises:
        InvalidInput: An argument is out of range or belongs to another smoothing.

    Example:
        >>> model = NgramLM(2, "kneser_ney", discount=0.5).fit([["the", "cat"], ["the", "dog"]])
        >>> round(float(np.exp(model.logprob("cat", ["the"]))), 4)
        0.34
        >>> model.perplexity([["the", "cat"]]).tokens
        3

    Source: book section 2.1; Chen and Goodman (1998).
    """

    def __init__(
        self,
        order: int,
        smoothing: str = "modified_kneser_ney",
        *,
        k: float | None = None,
        discount: float | None = None,
        weights: Sequence[float] | None = None,
        min_count: int = 1,
        vocabulary: Iterable[str] | None = None,
    ) -> None:
        check_order(order)
        if isinstance(min_count, bool) or not isinstance(min_count, int) or min_count < 1:
            raise InvalidInput(f"min_count is {min_count!r}: give a whole number of at least 1")
        self._options = Options(smoothing, k, discount, weights)
        self.order, self.smoothing, self.min_count = order, smoothing, min_count
        self._words = None if vocabulary is None else Vocabulary(vocabulary)
        self._tables: Tables | None = None
        self.counts: NgramCounts | None = None
        self.discounts: list[Discounts] | None = None
        self.weights: Float[np.ndarray, "order buckets"] | None = (
            None if weights is None else fixed_weights(weights, order)
        )

    def __repr__(self) -> str:
        state = f"{len(self.vocabulary)} words" if self._tables else "not fitted"
        return f"NgramLM(order={self.order}, smoothing={self.smoothing!r}, {state})"

    def fit(self, sentences: Iterable[Sequence[str]], heldout: Iterable[Sequence[str]] | None = None) -> "NgramLM":
        """Estimate the model from a corpus.

        Args:
            sentences: Tokenised sentences, without ``<s>`` and ``</s>``; they are read once.
            heldout: For ``jelinek_mercer`` only: sentences to set the weights on. If they are not given, every tenth
                training sentence is set aside for that, and counted in the end.

        Returns:
            The model itself.

        Raises:
            InvalidInput: The corpus is empty, a sentence is a plain string, or a word is reserved or not a string.

        Example:
            >>> NgramLM(1, "mle").fit([["a", "b"]]).probs([]).round(3).tolist()
            [0.0, 0.0, 0.333, 0.333, 0.333]
        """
        if self._words is None:
            vocabulary, tokens = Vocabulary.learn(sentences, self.min_count)
        else:
            vocabulary, tokens = self._words, self._words.encode(sentences)
            if not np.any((tokens != BOS_ID) & (tokens != EOS_ID)):
                raise InvalidInput("the corpus holds no words: give at least one sentence with at least one word")
        counts = NgramCounts.from_tokens(vocabulary, tokens, self.order)
        if self._options.needs_heldout and heldout is None:
            return self._estimate(counts, weights_from_training(vocabulary, tokens, self.order))
        return self.fit_counts(counts, heldout)

    def fit_counts(self, counts: NgramCounts, heldout: Iterable[Sequence[str]] | None = None) -> "NgramLM":
        """Estimate the model from counts, which several models can share.

        Args:
            counts: N-grams of at least this model's order; ``min_count`` and ``vocabulary`` are those of the counts.
            heldout: For ``jelinek_mercer`` only, and needed there unless ``weights`` were given.

        Returns:
            The model itself.

        Raises:
            InvalidInput: The counts are of a lower order, or held-out text is missing or of no use.

        Example:
            >>> counts = NgramCounts.from_sentences([["a", "b"], ["b"]], order=3)
            >>> [NgramLM(n, "mle").fit_counts(counts).order for n in (1, 2, 3)]
            [1, 2, 3]
        """
        counts = counts.truncated(self.order)
        if not self._options.needs_heldout:
            if heldout is not None:
                raise InvalidInput("only jelinek_mercer without given weights uses held-out text: leave it out")
            return self._estimate(counts, self.weights)
        if heldout is None:
            raise InvalidInput("jelinek_mercer needs weights=... or held-out text to set them on: give one")
        return self._estimate(counts, estimate_weights(counts, _encode_some(counts.vocabulary, heldout))[0])

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
            >>> round(NgramLM(1, "mle").fit([["a"]]).score(["a", "a"]), 4)
            -2.0794
        """
        return float(self.token_logprobs(sentence).sum())

    def score_batch(self, sentences: Iterable[Sequence[str]]) -> Float[np.ndarray, "sentences"]:
        """Natural log-probabilities of many sentences at once, which is far faster than one by one.

        Args:
            sentences: Tokenised sentences, without ``<s>`` and ``</s>``.

        Returns:
            One number a sentence.

        Raises:
            InvalidInput: As in ``token_logprobs``.

        Example:
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
            sentences: Tokenised sentences, without ``<s>`` and ``</s>``; at least one.

        Returns:
            Both figures, and the numbers of tokens and of unknown words.

        Raises:
            InvalidInput: There is no sentence, or as in ``token_logprobs``.

        Example:
            >>> uniform = NgramLM(1, "add_k", k=1e9).fit([["a", "b"]])
            >>> round(uniform.perplexity([["a"]]).with_oov, 6)  # <unk>, </s>, a and b
            4.0
        """
        tables = self._fitted()
        tokens = _encode_some(tables.vocabulary, sentences)
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

    def save_arpa(self, path: str | os.PathLike[str]) -> None:
        """Write the model as an ARPA file, which KenLM, SRILM and others read.

        Args:
            path: The file to write; it appears whole or not at all.

        Raises:
            InvalidInput: The smoothing does not back off and the order is above 1, or a word holds white space.

        Example:
            >>> NgramLM(3).fit([["a", "b"]]).save_arpa("model.arpa")  # doctest: +SKIP
        """
        tables = self._fitted()
        if not tables.backs_off and self.order > 1:
            raise InvalidInput(
                f"{self.smoothing} at order {self.order} cannot be written as ARPA: the format backs off to shorter "
                "contexts and this method gives all unseen words the same share; use order 1 or another smoothing"
            )
        arpa.write(tables, path)

    @classmethod
    def load_arpa(cls, path: str | os.PathLike[str]) -> "NgramLM":
        """Read a model from an ARPA file.

        Args:
            path: The file.

        Returns:
            A model that scores and samples; its ``smoothing`` is ``"arpa"``.

        Raises:
            FormatError: The file is damaged, cut short or not ARPA; the message names the line.
            OSError: The file cannot be read.

        Example:
            >>> NgramLM.load_arpa("model.arpa").order  # doctest: +SKIP
            3
        """
        tables = arpa_reader.read(path)
        model = cls(tables.order)
        model.smoothing, model._tables = "arpa", tables
        return model

    @property
    def vocabulary(self) -> Vocabulary:
        """The words of the fitted model."""
        return self._fitted().vocabulary

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of stored n-grams of each order, unigrams first."""
        return tuple(len(keys) for keys in self._fitted().keys)

    def _estimate(self, counts: NgramCounts, weights: Float[np.ndarray, "order buckets"] | None) -> "NgramLM":
        self._tables, self.discounts = estimate(counts, self._options, weights)
        self.counts, self.weights, self.smoothing = counts, weights, self._options.smoothing
        return self

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


def _encode_some(vocabulary: Vocabulary, sentences: Iterable[Sequence[str]]) -> Int[np.ndarray, "tokens"]:
    tokens = vocabulary.encode(sentences)
    if not len(tokens):
        raise InvalidInput("there are no sentences: give at least one")
    return tokens
