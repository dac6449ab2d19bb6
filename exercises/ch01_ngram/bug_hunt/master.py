"""A trigram model with interpolation."""

import math
from collections import Counter


class Trigram:
    """Trigram, bigram and unigram counts, mixed."""

    def __init__(self, vocabulary: list[str], weights: list[float]) -> None:
        self.words = [*vocabulary, "</s>"]
        self.weights = weights
        self.count: Counter[tuple[str, ...]] = Counter()
        self.total: Counter[tuple[str, ...]] = Counter()

    def fit(self, sentences: list[list[str]]) -> None:
        """Count n-grams of orders 1 to 3, and what followed each history."""
        for sentence in sentences:
            words = ["<s>", "<s>", *sentence, "</s>"]
            for n in (1, 2, 3):
                # solution:
                for start in range(3 - n, len(words) - n + 1):
                    ngram = tuple(words[start : start + n])
                    self.count[ngram] += 1
                    self.total[ngram[:-1]] += 1
                # stub:
                for start in range(len(words) - n + 1):
                    ngram = tuple(words[start : start + n])
                    self.count[ngram] += 1
                    self.total[ngram[:-1]] += 1
                # end

    def probability(self, word: str, before: list[str]) -> float:
        """Probability of the next word after the words of the sentence so far."""
        words = ["<s>", "<s>", *before]
        p = 1 / len(self.words)
        for n, weight in enumerate(self.weights, start=1):
            history = tuple(words[len(words) - n + 1 :])
            if self.total[history]:
                p = (
                    weight * self.count[*history, word] / self.total[history]
                    + (1 - weight) * p
                )
        return p

    def perplexity(self, sentences: list[list[str]]) -> float:
        """Exponential of the mean negative log-probability of all words and ends."""
        logs = [
            math.log(self.probability(word, sentence[:i]))
            for sentence in sentences
            for i, word in enumerate([*sentence, "</s>"])
        ]
        return math.exp(-sum(logs) / len(logs))
