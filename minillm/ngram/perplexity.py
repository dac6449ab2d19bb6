"""Perplexity: how many equally likely words would be as hard to guess as this text."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from minillm.errors import InvalidInput


@dataclass(frozen=True)
class Perplexity:
    """What a model makes of a text, with unknown words counted and left out.

    The two figures can differ by a factor of five, so neither means much without the number of unknown words beside it.

    Attributes:
        with_oov: Perplexity over all predicted tokens; an unknown word counts with the probability of ``<unk>``.
        without_oov: Perplexity over the known ones; unknown words still stand in the contexts of others.
        tokens: Number of predicted tokens: all words and one ``</s>`` a sentence.
        oov: Number of these that are not in the vocabulary.
        sentences: Number of sentences.
        log_likelihood: Sum of natural log-probabilities over all predicted tokens.

    Source: Jelinek et al. (1977).
    """

    with_oov: float
    without_oov: float
    tokens: int
    oov: int
    sentences: int
    log_likelihood: float

    @classmethod
    def of(
        cls, logprobs: Float[np.ndarray, "tokens"], unknown: Bool[np.ndarray, "tokens"], sentences: int
    ) -> "Perplexity":
        """Work out both figures from the log-probability of each token.

        Args:
            logprobs: Natural logarithms, one a predicted token.
            unknown: Which of the tokens are not in the vocabulary.
            sentences: Number of sentences they come from.

        Returns:
            The figures; infinite where a token has probability zero.

        Raises:
            InvalidInput: There are no tokens.

        Example:
            >>> text = Perplexity.of(np.log([1 / 4, 1 / 4, 1 / 32]), np.array([False, False, True]), sentences=1)
            >>> round(text.with_oov, 9), round(text.without_oov, 9), text.oov
            (8.0, 4.0, 1)
        """
        if not len(logprobs):
            raise InvalidInput("perplexity of no tokens is undefined: give at least one sentence")
        known = logprobs[~unknown]
        return cls(
            with_oov=_exp(-float(logprobs.mean())),
            without_oov=_exp(-float(known.mean())) if len(known) else math.nan,
            tokens=len(logprobs),
            oov=int(unknown.sum()),
            sentences=sentences,
            log_likelihood=float(logprobs.sum()),
        )

    @property
    def bits(self) -> float:
        """Cross-entropy in bits per token: the logarithm to base 2 of ``with_oov``."""
        return math.log2(self.with_oov)


def _exp(x: float) -> float:
    return math.exp(x) if x < 700 else math.inf
