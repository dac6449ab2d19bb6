# idea: one noise word at a time, in plain Python

import math

import numpy as np


def softplus(s):
    return max(s, 0.0) + math.log1p(math.exp(-abs(s)))


def sigma(s):
    return 1 / (1 + math.exp(-s)) if s > 0 else math.exp(s) / (1 + math.exp(s))


def sgns_loss(center, context, noise):
    total = softplus(-float(context @ center))
    for row in noise:
        total += softplus(float(row @ center))
    return total


def sgns_gradients(center, context, noise):
    own = sigma(float(context @ center)) - 1
    by_center, by_noise = own * context, np.zeros(noise.shape)
    for i, row in enumerate(noise):
        by_noise[i] = sigma(float(row @ center)) * center
        by_center = by_center + sigma(float(row @ center)) * row
    return by_center, own * center, by_noise
