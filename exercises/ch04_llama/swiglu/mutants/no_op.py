# fails: test_swish
# idea: hands x back

import torch


def swish(x, beta=1.0):
    return x.clone()


def swish_minimum(beta=1.0):
    return 0.0, 0.0


def swiglu(x, w, v, w2):
    return x.clone()


def swiglu_width(width, multiple=256):
    return 4 * width
