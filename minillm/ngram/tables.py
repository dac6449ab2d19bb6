"""The finished model: a probability for each stored n-gram, a weight for each context, and how to read them."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from minillm.ngram.packing import offsets, trace
from minillm.ngram.vocabulary import BOS_ID, Vocabulary


@dataclass(frozen=True, eq=False)
class Tables:
    """Log-probabilities of stored n-grams and log-weights of stored contexts, all natural logarithms.

    What an n-gram that is not stored gets depends on the rule. With ``backs_off``, its probability is the weight of its
    context times its probability after the shorter context (weight 1 for an unseen context); interpolated models take
    this form too. Without, it is the weight itself (uniform for an unseen context): these methods never look at a
    shorter context.

    Attributes:
        vocabulary: The words.
        keys: One array of packed n-grams an order, see ``packing``.
        logp: One log-probability an n-gram.
        weight: One log-weight for each n-gram as a context; orders 1 to n - 1.
        backs_off: The rule above.
    """

    vocabulary: Vocabulary
    keys: tuple[Int[np.ndarray, "_"], ...]
    logp: tuple[Float[np.ndarray, "_"], ...]
    weight: tuple[Float[np.ndarray, "_"], ...]
    backs_off: bool = True

    @property
    def order(self) -> int:
        """The longest stored n-grams."""
        return len(self.keys)

    def score(self, tokens: Int[np.ndarray, "tokens"]) -> Float[np.ndarray, "tokens"]:
        """Log-probability of each token after the tokens of its sentence before it.

        Args:
            tokens: Word ids of one or more sentences; a sentence begins at each ``<s>`` and at the first token.

        Returns:
            Natural logarithms; what stands at the places of ``<s>`` has no meaning.
        """
        ranks = trace(self.keys, len(self.vocabulary), tokens)
        places = offsets(tokens)
        logp = self.logp[0][tokens]
        for m in range(1, self.order):
            hit = ranks[m] >= 0
            context = np.append(-1, ranks[m - 1][:-1])
            known = ~hit & (context >= 0)
            if self.backs_off:
                logp[known] += self.weight[m - 1][context[known]]
            else:
                logp[places >= m] = self._uniform
                logp[known] = self.weight[m - 1][context[known]]
            logp[hit] = self.logp[m][ranks[m][hit]]
        return logp

    def distribution(self, context: Int[np.ndarray, "context"]) -> Float[np.ndarray, "vocab"]:
        """Probabilities of all words after a context.

        Args:
            context: Word ids, at most ``order - 1`` of them.

        Returns:
            One probability a word id; that of ``<s>`` is zero and the others sum to 1.
        """
        words = len(self.vocabulary)
        p = np.exp(self.logp[0])
        for m in range(1, len(context) + 1):
            rank = trace(self.keys[:m], words, context[-m:])[-1][-1]
            if rank < 0:
                if not self.backs_off:
                    p = np.full(words, np.exp(self._uniform))
                continue
            weight = np.exp(self.weight[m - 1][rank])
            p = weight * p if self.backs_off else np.full(words, weight)
            start, end = np.searchsorted(self.keys[m], [rank * words, (rank + 1) * words])
            p[self.keys[m][start:end] % words] = np.exp(self.logp[m][start:end])
        p[BOS_ID] = 0.0
        return p

    @property
    def _uniform(self) -> float:
        return -float(np.log(self.vocabulary.predicted))


def safe_log(values: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Natural logarithm with log 0 = -inf and no warning: a probability of zero is an answer here, not an accident.

    Args:
        values: Numbers of at least zero.

    Returns:
        Their logarithms.

    Example:
        >>> safe_log(np.array([1.0, 0.0])).tolist()
        [0.0, -inf]
    """
    with np.errstate(divide="ignore"):
        return np.log(values)
