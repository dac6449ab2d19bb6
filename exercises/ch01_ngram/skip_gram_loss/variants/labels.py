# idea: context and noise in one matrix, with labels 1 and 0

import numpy as np


def sgns_loss(center, context, noise):
    scores = np.concatenate([[context @ center], -(noise @ center)])
    return float(np.sum(np.maximum(-scores, 0) + np.log1p(np.exp(-np.abs(scores)))))


def sgns_gradients(center, context, noise):
    words = np.vstack([context, noise])
    labels = np.zeros(len(words))
    labels[0] = 1
    error = (1 + np.tanh(words @ center / 2)) / 2 - labels
    by_words = np.outer(error, center)
    return words.T @ error, by_words[0], by_words[1:]
