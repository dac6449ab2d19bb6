# fails: test_factor
# idea: no scale, no derivatives

import numpy as np


def score_scale(width, heads, query_std=1.0, key_std=1.0):
    return 1.0


def softmax_jacobian(scores):
    return np.zeros((len(scores), len(scores)))


def score_gradients(q, keys, values, scale):
    return np.zeros((len(q), values.shape[1]))
