# idea: sums up the gradients step by step

import numpy as np


def elman(x, h0, W, U, b):
    h = np.empty((x.shape[0], h0.shape[0]))
    last = h0
    for t in range(x.shape[0]):
        h[t] = last = np.tanh(x[t] @ W + last @ U + b)
    return h


def elman_backward(x, h0, W, U, b, upstream):
    h = elman(x, h0, W, U, b)
    dx, dW, dU, db = (np.zeros_like(array) for array in (x, W, U, b))
    dh = np.zeros_like(h0)
    for t in range(len(x) - 1, -1, -1):
        da = (dh + upstream[t]) * (1 - h[t] * h[t])
        dx[t] = W @ da
        dW += np.outer(x[t], da)
        dU += np.outer(h[t - 1] if t else h0, da)
        db += da
        dh = U @ da
    return dx, dh, dW, dU, db
