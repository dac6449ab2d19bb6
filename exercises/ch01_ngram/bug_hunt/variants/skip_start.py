# idea: keeps the windows and skips those that end in a start mark

import math
from collections import Counter


class Trigram:

    def __init__(self, vocabulary: list[str], weights: list[float]) -> None:
        self.words = [*vocabulary, "</s>"]
        self.weights = weights
        self.count: Counter[tuple[str, ...]] = Counter()
        self.total: Counter[tuple[str, ...]] = Counter()

    def fit(self, sentences: list[list[str]]) -> None:
        for sentence in sentences:
            words = ["<s>", "<s>", *sentence, "</s>"]
            for n in (1, 2, 3):
                for start in range(len(words) - n + 1):
                    ngram = tuple(words[start : start + n])
                    if ngram[-1] == "<s>":
                        continue
                    self.count[ngram] += 1
                    self.total[ngram[:-1]] += 1

    def probability(self, word: str, before: list[str]) -> float:
        words = ["<s>", "<s>", *before]
        p = 1 / len(self.words)
        for n, weight in enumerate(self.weights, start=1):
            history = tuple(words[len(words) - n + 1 :])
            if self.total[history]:
                p = weight * self.count[*history, word] / self.total[history] + (1 - weight) * p
        return p

    def perplexity(self, sentences: list[list[str]]) -> float:
        logs = [
            math.log(self.probability(word, sentence[:i]))
            for sentence in sentences
            for i, word in enumerate([*sentence, "</s>"])
        ]
        return math.exp(-sum(logs) / len(logs))
