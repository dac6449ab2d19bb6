# fails: test_loss
# idea: scores noise words like context words

import numpy as np


def sgns_loss(center: np.ndarray, context: np.ndarray, noise: np.ndarray) -> float:
    # -ln sigma(s) = ln(1 + exp(-s)), which logaddexp computes without overflow
    return float(np.logaddexp(0, -(context @ center)) + np.logaddexp(0, -(noise @ center)).sum())


def sgns_gradients(
    center: np.ndarray, context: np.ndarray, noise: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    found = -np.exp(-np.logaddexp(0, context @ center))  # sigma(s) - 1
    drawn = np.exp(-np.logaddexp(0, -(noise @ center)))  # sigma(s)
    return found * context + drawn @ noise, found * center, drawn[:, None] * center
