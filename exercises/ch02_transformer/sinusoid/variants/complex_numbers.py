# idea: a pair is one complex number, a shift its product with another

import numpy as np


def turns(places, width, base):
    return np.exp(1j * np.multiply.outer(places, float(base) ** (-np.arange(0, width, 2) / width)))


def sinusoid(length, width, base=10_000.0):
    z = turns(np.arange(length), width, base)
    table = np.empty((length, width))
    table[:, 0::2], table[:, 1::2] = z.imag, z.real
    return table


def shift_matrix(offset, width, base=10_000.0):
    z = turns(offset, width, base)
    even, odd = np.arange(0, width, 2), np.arange(1, width, 2)
    matrix = np.zeros((width, width))
    matrix[even, even] = matrix[odd, odd] = z.real
    matrix[odd, even] = z.imag
    matrix[even, odd] = -z.imag
    return matrix
