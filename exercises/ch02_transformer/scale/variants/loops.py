# idea: one derivative at a time

import math

import numpy as np


def score_scale(width, heads, query_std=1.0, key_std=1.0):
    terms = width / heads
    return (terms * query_std**2 * key_std**2) ** -0.5


def softmax(scores):
    powers = [math.exp(s - max(scores)) for s in scores]
    return [p / sum(powers) for p in powers]


def softmax_jacobian(scores):
    p = softmax(scores.tolist())
    n = len(p)
    return np.array([[p[i] * (float(i == j) - p[j]) for j in range(n)] for i in range(n)])


def score_gradients(q, keys, values, scale):
    p = softmax((scale * keys @ q).tolist())
    result = np.zeros((len(q), values.shape[1]))
    for a in range(len(q)):
        for i, weight in enumerate(p):
            pull = sum(p[j] * keys[j, a] for j in range(len(p)))
            result[a] += scale * weight * (keys[i, a] - pull) * values[i]
    return result
