# fails: test_forward
# idea: hands back x, and upstream for its gradient

import numpy as np


def layer_norm(x, weight, bias, eps=1e-5):
    return x.copy()


def layer_norm_backward(x, weight, upstream, eps=1e-5):
    return upstream.copy(), np.zeros_like(weight), np.zeros_like(weight)
