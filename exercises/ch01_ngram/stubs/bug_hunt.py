# Find the bug: a trigram model that looks right (10 points, difficulty 3 of 5, about 30 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/01_ngram/exercises.html#find-the-bug-a-trigram-model-that-looks-right
# To check it: minillm exercises check ch01.bug_hunt

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
                for start in range(len(words) - n + 1):
                    ngram = tuple(words[start : start + n])
                    self.count[ngram] += 1
                    self.total[ngram[:-1]] += 1

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
