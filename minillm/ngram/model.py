"""One class for all n-gram language models: made by counting, or read from a file."""

import os
from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Float

from minillm.errors import InvalidInput
from minillm.ngram import arpa, arpa_reader
from minillm.ngram.counts import NgramCounts, check_order
from minillm.ngram.discounts import Discounts
from minillm.ngram.jelinek_mercer import estimate_weights, fixed_weights, weights_from_training
from minillm.ngram.scoring import Scorer, encode_some
from minillm.ngram.smoothing import Options, estimate
from minillm.ngram.vocabulary import BOS_ID, EOS_ID, Vocabulary


class NgramLM(Scorer):
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
        super().__init__(order, tables=None)
        self.smoothing, self.min_count = smoothing, min_count
        self._words = None if vocabulary is None else Vocabulary(vocabulary)
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
            sentences: Tokenized sentences, without ``<s>`` and ``</s>``; they are read once.
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
        return self._estimate(counts, estimate_weights(counts, encode_some(counts.vocabulary, heldout))[0])

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

    def _estimate(self, counts: NgramCounts, weights: Float[np.ndarray, "order buckets"] | None) -> "NgramLM":
        self._tables, self.discounts = estimate(counts, self._options, weights)
        self.counts, self.weights, self.smoothing = counts, weights, self._options.smoothing
        return self
