# idea: a whole row at once with numpy

import numpy as np


def row(counts, history, vocabulary):
    return np.array([counts.get((*history, word), 0) for word in vocabulary], dtype=float)


def add_k(counts, history, word, k, vocabulary):
    smoothed = row(counts, history, vocabulary) + k
    return float((smoothed / smoothed.sum())[vocabulary.index(word)])


def interpolated(counts, history, word, weights, vocabulary):
    p = np.full(len(vocabulary), 1 / len(vocabulary))
    for i, weight in enumerate(weights):
        seen = row(counts[i], history[len(history) - i :], vocabulary)
        if seen.any():
            p = weight * seen / seen.sum() + (1 - weight) * p
    return float(p[vocabulary.index(word)])
