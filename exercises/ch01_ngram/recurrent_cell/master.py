"""Elman's recurrent cell, forward and backward through time."""

import numpy as np


def elman(
    x: np.ndarray, h0: np.ndarray, W: np.ndarray, U: np.ndarray, b: np.ndarray
) -> np.ndarray:
    """States h_1 to h_T, of shape (T, H)."""
    # solution:
    states = [h0]
    for row in x:
        states.append(np.tanh(row @ W + states[-1] @ U + b))
    return np.stack(states[1:])
    # stub:
    raise NotImplementedError("step through time")
    # end


def elman_backward(
    x: np.ndarray,
    h0: np.ndarray,
    W: np.ndarray,
    U: np.ndarray,
    b: np.ndarray,
    upstream: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Gradients by x, h0, W, U and b."""
    # solution:
    h = elman(x, h0, W, U, b)
    before = np.concatenate([h0[None], h[:-1]])
    inner = np.zeros_like(h)  # gradient by what stands inside the tanh
    later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        inner[t] = (upstream[t] + later) * (1 - h[t] ** 2)
        later = inner[t] @ U.T
    return inner @ W.T, later, x.T @ inner, before.T @ inner, inner.sum(axis=0)
    # stub:
    raise NotImplementedError("step back through time")
    # end
