# fails: test_large_scores
# idea: takes the logarithm of sigma as it stands

import numpy as np


def sigma(s):
    return 1 / (1 + np.exp(-s))


def sgns_loss(center, context, noise):
    return float(-np.log(sigma(context @ center)) - np.log(sigma(-(noise @ center))).sum())


def sgns_gradients(center, context, noise):
    found, drawn = sigma(context @ center) - 1, sigma(noise @ center)
    return found * context + drawn @ noise, found * center, np.outer(drawn, center)
