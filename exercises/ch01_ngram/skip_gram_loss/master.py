"""Skip-gram with negative sampling: the loss of one pair, and its gradients."""

import numpy as np


def sgns_loss(center: np.ndarray, context: np.ndarray, noise: np.ndarray) -> float:
    """Loss of one center word, one context word and k noise words."""
    # solution:
    # -ln sigma(s) = ln(1 + exp(-s)), which logaddexp computes without overflow
    return float(
        np.logaddexp(0, -(context @ center)) + np.logaddexp(0, noise @ center).sum()
    )
    # stub:
    raise NotImplementedError("score the pair and the noise")
    # end


def sgns_gradients(
    center: np.ndarray, context: np.ndarray, noise: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients of the loss by center, context and noise."""
    # solution:
    found = -np.exp(-np.logaddexp(0, context @ center))  # sigma(s) - 1
    drawn = np.exp(-np.logaddexp(0, -(noise @ center)))  # sigma(s)
    return found * context + drawn @ noise, found * center, drawn[:, None] * center
    # stub:
    raise NotImplementedError("derive the gradients")
    # end
