# idea: counts of counts by numpy

import numpy as np


def counts_of_counts(counts):
    values, times = np.unique(list(counts.values()), return_counts=True)
    return dict(zip(values.tolist(), times.tolist(), strict=True))


def good_turing(counts, vocabulary, cutoff):
    r = np.array([counts.get(word, 0) for word in vocabulary])
    n = np.bincount(r, minlength=r.max() + 2)
    usable = (r > 0) & (r <= cutoff) & (n[r + 1] > 0)
    star = np.where(usable, (r + 1) * n[r + 1] / n[r], r)
    unseen = r == 0
    p0 = n[1] / r.sum() if unseen.any() else 0.0
    p = np.where(unseen, p0 / max(unseen.sum(), 1), (1 - p0) * star / star.sum())
    return dict(zip(vocabulary, p.tolist(), strict=True))
