# The loss of skip-gram, and its gradients (9 points, difficulty 3 of 5, about 30 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/01_ngram/exercises.html#the-loss-of-skip-gram-and-its-gradients
# To check it: minillm exercises check ch01.skip_gram_loss

"""Skip-gram with negative sampling: the loss of one pair, and its gradients."""

import numpy as np


def sgns_loss(center: np.ndarray, context: np.ndarray, noise: np.ndarray) -> float:
    """Loss of one center word, one context word and k noise words."""
    raise NotImplementedError("score the pair and the noise")


def sgns_gradients(
    center: np.ndarray, context: np.ndarray, noise: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients of the loss by center, context and noise."""
    raise NotImplementedError("derive the gradients")
