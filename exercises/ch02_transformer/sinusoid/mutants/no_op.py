# fails: test_by_the_equations
# idea: no positions at all, and no shift

import numpy as np


def sinusoid(length, width, base=10_000.0):
    return np.zeros((length, width))


def shift_matrix(offset, width, base=10_000.0):
    return np.eye(width)
