"""N-gram smoothing the slow and obvious way: dictionaries, tuples, one word at a time. The oracle of these tests."""

from collections import Counter, defaultdict
from functools import cache

import numpy as np

from minillm.ngram.good_turing import simple_good_turing

BOS, EOS, UNK = "<s>", "</s>", "<unk>"


class Slow:
    """Counts of a corpus, and each smoothing as the recursion that its paper prints."""

    def __init__(self, sentences, order):
        self.order = order
        self.count = Counter()
        self.before = defaultdict(set)
        self.after = defaultdict(set)
        for sentence in sentences:
            padded = (BOS, *sentence, EOS)
            for n in range(1, order + 1):
                for i in range(len(padded) - n + 1):
                    gram = padded[i : i + n]
                    if gram != (BOS,):
                        self.count[gram] += 1
                        self.after[gram[:-1]].add(gram[-1])
                        if i:
                            self.before[gram].add(padded[i - 1])
        self.words = sorted({w for s in sentences for w in s} | {EOS, UNK})

    def of_order(self, n):
        return {g: c for g, c in self.count.items() if len(g) == n}

    def total(self, context, count):
        return sum(count((*context, w)) for w in self.after.get(context, ()))

    def context(self, context):
        return tuple(context[-(self.order - 1) :]) if self.order > 1 else ()

    def mle(self, word, context):
        context = self.context(context)
        while context and not self.after.get(context):
            context = context[1:]
        return self.count[(*context, word)] / self.total(context, self.count.__getitem__)

    def add_k(self, word, context, k):
        context = self.context(context)
        total = self.total(context, self.count.__getitem__)
        return (self.count[(*context, word)] + k) / (total + k * len(self.words))

    def good_turing(self, word, context):
        context = self.context(context)
        seen = self.of_order(len(context) + 1)
        histogram = sorted(Counter(seen.values()).items())
        r, n = map(list, zip(*histogram, strict=True))
        star = simple_star(r, n)
        cells = len({g[:-1] for g in seen}) * len(self.words)
        freed = sum((a - star[a]) * b for a, b in histogram)
        star[0] = freed / (cells - len(seen)) if cells > len(seen) else 0.0
        worth = {w: star[self.count[(*context, w)]] for w in self.words}
        return worth[word] / sum(worth.values())

    def interpolated(self, word, context, count, discount):
        """Discounted interpolation: ``count(gram)`` and ``discount(order, count)`` tell the methods apart."""
        below = self.interpolated(word, context[1:], count, discount) if len(context) else 1 / len(self.words)
        total = self.total(context, count)
        if not total:
            return below
        c = count((*context, word))
        n = len(context) + 1
        first = c - discount(n, c) if c else 0
        freed = sum(discount(n, count((*context, w))) for w in self.after[context])
        return first / total + freed / total * below

    def continuation(self, gram):
        plain = len(gram) == self.order or gram[0] == BOS
        return self.count[gram] if plain else len(self.before[gram])

    def absolute(self, word, context, d):
        return self.interpolated(word, self.context(context), self.count.__getitem__, lambda n, c: d)

    def kneser_ney(self, word, context, d):
        return self.interpolated(word, self.context(context), self.continuation, lambda n, c: d)

    def modified_kneser_ney(self, word, context, discounts):
        return self.interpolated(
            word, self.context(context), self.continuation, lambda n, c: discounts[n - 1][min(c, 3) - 1]
        )

    def jelinek_mercer(self, word, context, weights):
        context = self.context(context)
        p = 1 / len(self.words)
        for n in range(1, len(context) + 2):
            h = context[len(context) - n + 1 :]
            total = self.total(h, self.count.__getitem__)
            if total:
                p = weights[n - 1] * self.count[(*h, word)] / total + (1 - weights[n - 1]) * p
        return p

    def katz(self, word, context, ratios):
        """``ratios[n][r]`` is d_r of order n; counts that are not in it are kept whole."""
        self.ratios = ratios
        return self._katz(word, self.context(context))

    @cache  # noqa: B019 - one corpus lives as long as its test
    def _katz(self, word, h):
        if not self.after.get(h):
            return self._katz_below(word, h)
        kept, total, alpha = self._katz_shares(h)
        return kept[word] / total if word in kept else alpha * self._katz_below(word, h)

    def _katz_below(self, word, h):
        return self._katz(word, h[1:]) if h else 1 / len(self.words)

    @cache  # noqa: B019
    def _katz_shares(self, h):
        seen = {v: self.count[(*h, v)] for v in self.after[h]}
        kept = {v: self.ratios[len(h) + 1].get(c, 1.0) * c for v, c in seen.items()}
        total = sum(seen.values())
        if len(seen) == len(self.words):
            return kept, sum(kept.values()), 0.0
        if sum(kept.values()) == total:
            total += 1
        unseen = sum(self._katz_below(v, h) for v in self.words if v not in seen)
        return kept, total, (1 - sum(kept.values()) / total) / unseen


def simple_star(r, n):
    """r to r*, as the package computes it (its figures are checked against nltk and the paper elsewhere)."""
    star = simple_good_turing(np.array(r), np.array(n))
    return dict(zip(r, star, strict=True)) if star is not None else {a: a - {1: 0.5, 2: 1.0}.get(a, 1.5) for a in r}
